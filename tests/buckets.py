"""A bucket of the S3 server on loopback that the fixture ``address`` starts."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import boto3


class Bucket:
    """A bucket, and what a project has to know of it."""

    def __init__(self, address: str, kind: str = "shop") -> None:
        self.name = f"{kind}-{uuid4().hex}"
        self.keys = {"key": "a", "secret": "b", "endpoint_url": address}
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        self.s3.create_bucket(Bucket=self.name)

    def put(self, name: str, text: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=name, Body=text.encode())

    def delete(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=name)

    def read(self, name: str) -> str:
        body = self.s3.get_object(Bucket=self.name, Key=name)["Body"].read()
        return str(body.decode())

    def when(self) -> dict[str, datetime]:
        """What is in it, with the time of its last change."""
        listed = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {each["Key"]: each["LastModified"] for each in listed}

    def objects(self) -> dict[str, str]:
        return {name: self.read(name) for name in self.when()}
