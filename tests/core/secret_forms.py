"""Eighty forms in which a text may show a secret; some are those of gitleaks' rules.

Each is a line of text and the part of it that is secret. They are put together here from
pieces, so that no scanner takes this file for a leak.
"""

import base64
import json

X = "Zq7Kw9Xr2Vt5"  # part of every secret that has no length of its own
HEX = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
LONG = "Zq7Kw9Xr2Vt5Yb8Nc3Md6Pf1Hg4Jk0LsQwErTyUi"  # 40 letters and digits
PEM = f"{LONG}\n{LONG[::-1]}"

# What the project knows: in credentials.yml, in the catalog, and in the parameters.
CREDENTIALS = {
    "db": {"username": "ada", "password": "kn0wn&pass\\word1"},
    "key": {"pem": f"-----BEGIN KEY-----\n{LONG[::-1]}x\n-----END KEY-----"},
    "umlaut": {"password": "geheim-\u00e4\u00f6\u00fc"},
}
INLINE = {"credentials": {"key": "inline-credential-1"}, "con": "db://ada:inl1ne@h/x"}
PARAMETERS = {"api_token": "of-the-parameters-1", "depth": 3}
KNOWN = CREDENTIALS["db"]["password"]
UMLAUT = CREDENTIALS["umlaut"]["password"]
OF_HTTP = base64.b64encode(f"ada:{KNOWN}".encode()).decode()


def _form(name, text, secret=X):
    assert secret in text, name
    return name, text, secret


def _token(name, prefix, rest):
    return _form(name, f"request with {prefix}{rest} was refused", rest)


FORMS = [
    # A name and its value
    _form("option", f"login failed: password={X}"),
    _form("spaces", f"password = {X} was refused"),
    _form("colon", f"password: {X}"),
    _form("quotes", f"connect(user='ada', password='{X} {X}')", f"{X} {X}"),
    _form("double quotes", f'connect(passwd="{X}")'),
    _form("dict", f"{{'user': 'ada', 'password': '{X}'}}"),
    _form("JSON", json.dumps({"user": "ada", "client_secret": X})),
    _form("JSON in JSON", json.dumps(json.dumps({"password": X, "a": 1}))),
    _form("bytes", f"auth(password=b'{X}')"),
    _form("comma", f"password=a,{X}"),
    _form("bracket", f"password=a({X}"),
    _form("command line", f"tool --password {X} --to db"),
    _form("command line =", f"tool --db-token={X}"),
    _form("environment", f"MYAPP_DB_PASSWORD={X}"),
    _form("environment 2", f"export PGPASSWORD={X}"),
    _form("numbered", f"DB_PASSWORD_2: {X}"),
    _form("camel case", f'"clientSecret": "{X}"'),
    _form("API key", f"api_key={X}"),
    _form("apikey", f"apikey: '{X}'"),
    _form("header of an API key", f"{{'x-api-key': '{X}'}}"),
    _form("X-Auth-Token", f"X-Auth-Token: {X}"),
    _form("subscription key", f"Ocp-Apim-Subscription-Key: {X}"),
    _form("AWS secret", f"aws_secret_access_key = {LONG}", LONG),
    _form("AWS session", f"AWS_SESSION_TOKEN={X}//{X}=="),
    _form("ODBC", f"Driver=x;Server=db;Uid=ada;Pwd={X};Encrypt=yes"),
    _form("Azure account", f"AccountName=ada;AccountKey={X}==;EndpointSuffix=x"),
    _form("Azure bus", f"Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey={X}="),
    _form("Azure SAS", f"https://x.example/c/b?sv=2024&sig={X}%3D&se=2026"),
    _form("AWS signed URL", f"https://b.example/k?X-Amz-Signature={X}&X-Amz-Date=1"),
    _form("query", f"GET /data?limit=3&access_token={X}&page=2"),
    _form("encoded query", f"next=%2Fdata%3Ftoken%3D{X}"),
    _form("XML", f"<user>ada</user><password>{X}</password>"),
    _form("Ruby", f":password => '{X}'"),
    _form("YAML", f"  private_key_passphrase: {X}"),
    _form("SQL user", f"CREATE USER ada WITH PASSWORD '{X}'"),
    _form("SQL identified", f"ALTER USER ada IDENTIFIED BY '{X}'"),
    _form("curl", f"curl -s -u ada:{X} https://x.example"),
    # URLs
    _form("URL", f"postgresql://ada:{X}@db/x"),
    _form("URL with @", f"mysql://ada:p@{X}@db/x"),
    _form("URL with /", f"mysql://ada:p/{X}@db/x"),
    _form("URL without user", f"redis://:{X}@cache:6379/0"),
    _form("URL of git", f"https://{X}@git.example/a/b.git"),
    _form("URL of a driver", f"mongodb+srv://ada:{X}@m.example/?w=1"),
    _form("JDBC", f"jdbc:postgresql://db/x?user=ada&password={X}"),
    # Headers
    _form("bearer", f"Authorization: Bearer {X}"),
    _form("basic", f"Authorization: Basic {X}=="),
    _form("token", f"authorization: token {X}"),
    _form("dict of headers", f"{{'Authorization': 'Bearer {X}', 'Accept': '*/*'}}"),
    _form("proxy", f"Proxy-Authorization: Basic {X}"),
    _form("bearer alone", f"refused: bearer {X}"),
    _form("cookie", f"Cookie: a=1; session={X}"),
    _form("set cookie", f"Set-Cookie: sid={X}; Path=/"),
    _form("dict of cookies", f"{{'Cookie': 'sid={X}'}}"),
    # Keys that are known by their form
    _form(
        "RSA",
        f"-----BEGIN RSA PRIVATE KEY-----\n{PEM}\n-----END RSA PRIVATE KEY-----",
        PEM,
    ),
    _form(
        "key in JSON",
        f'"-----BEGIN PRIVATE KEY-----\\n{LONG}\\n-----END PRIVATE KEY-----\\n"',
        LONG,
    ),
    _form(
        "PGP",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{PEM}\n-----END PGP PRIVATE KEY BLOCK-----",
        PEM,
    ),
    _token("JWT", "eyJ", f"hbGciOiJI.eyJz{X}.{X}-{X}"),
    _token("AWS key id", "AK" + "IA", "Z7Q2W3E4R5T6Y7U8"),
    _form(
        "AWS secret beside its id", f"('{'AS' + 'IA'}Z7Q2W3E4R5T6Y7U8', '{LONG}')", LONG
    ),
    _token("Slack bot", "xox" + "b-", f"123-456-{X}"),
    _token("Slack app", "xa" + "pp-", f"1-A0-123-{X}"),
    _token("Slack webhook", "https://hooks.slack." + "com/services/", f"T0/B0/{X}"),
    _token("Discord webhook", "https://discord." + "com/api/webhooks/", f"1/{X}"),
    _token(
        "Teams webhook", "https://x.webhook." + "office.com/", f"webhookb2/{X}@1/{X}"
    ),
    _token("GitHub", "gh" + "p_", LONG[:36]),
    _token("GitHub app", "gh" + "s_", LONG[:36]),
    _token("GitHub fine-grained", "github_" + "pat_", f"{LONG[:22]}_{LONG}"),
    _token("GitLab", "gl" + "pat-", f"a-{X}_{X}"),
    _token("GitLab runner", "gl" + "rt-", f"t1_{X}{X}"),
    _token("Hugging Face", "hf" + "_", "ZqKwXrVtYbNcMdPfHgJkLsQwErTyUiOpAs"),
    _token("OpenAI", "sk" + "-proj-", f"{X}-{X}_{X}"),
    _token("Anthropic", "sk" + "-ant-api03-", f"{X}-{X}"),
    _token("Databricks", "da" + "pi", f"{HEX}-2"),
    _token("Google", "AI" + "za", f"Sy{LONG[:33]}"),
    _token("Google OAuth", "ya" + "29.", f"a0{LONG}-{X}"),
    _token("npm", "np" + "m_", LONG[:36]),
    _token("PyPI", "py" + "pi-", f"AgEIcHlwaS5vcmc{LONG}"),
    _token("Stripe", "sk" + "_live_", f"{X}{X}"),
    _token("SendGrid", "S" + "G.", f"{X}{X}.{LONG}"),
    _token("Docker", "dck" + "r_pat_", f"{X}-{X}_1"),
    _token("Vault", "hv" + "s.", f"CAES{LONG}"),
    _token("Grafana", "gl" + "sa_", f"{LONG[:32]}_0a1b2c3d"),
    _token("DigitalOcean", "do" + "p_v1_", HEX + HEX),
    _token("Telegram", "12345678" + "9:AA", f"{LONG[:33]}"),
    _token("Azure AD", "abc" + "8Q~", LONG[:34]),
    _token("Atlassian", "ATA" + "TT3", f"xFf{LONG}-{X}"),
    _token("New Relic", "NR" + "AK-", f"{X}{X}123"),
    _token("age", "AGE-SECRET" + "-KEY-1", f"{LONG}{X}".upper()),
    # What the project knows, in any place and in any quotes
    _form("known", f"the value {KNOWN} is odd", KNOWN),
    _form("known in a repr", f"odd: {KNOWN!r}", repr(KNOWN)[1:-1]),
    _form("known in JSON", f"odd: {json.dumps(UMLAUT)}", json.dumps(UMLAUT)[1:-1]),
    _form(
        "known in JSON for HTML", "odd: kn0wn\\u0026pass\\\\word1", "kn0wn\\u0026pass"
    ),
    _form("known in HTML", "odd: kn0wn&amp;pass\\word1", "kn0wn&amp;pass"),
    _form("known in a URL", "odd: kn0wn%26pass%5Cword1", "kn0wn%26pass%5Cword1"),
    _form("known in HTTP", f"odd: {OF_HTTP}", OF_HTTP),
    _form("a line of a known key", f"odd: {LONG[::-1]}x", LONG[::-1]),
    _form("known of the catalog", "odd: inline-credential-1", "inline-credential-1"),
    _form("URL of the catalog", "odd: inl1ne", "inl1ne"),
    _form("known of the parameters", "odd: of-the-parameters-1", "of-the-parameters-1"),
    # Last, because its quotes stay open where all of it is put into one line
    _form("cut off", f"connect(password='{X} {X}"),
]
TEXT = "\n".join(text for _, text, _ in FORMS)


def leaks(written):
    """The names of the forms whose secret can be read in what was written."""
    return [
        name
        for name, _, secret in FORMS
        if any(part in written for part in _readable(secret))
    ]


def _readable(secret):
    """A secret, and as it stands in JSON and HTML; of several lines, each line."""
    lines = secret.splitlines()
    return {*lines, *(json.dumps(line)[1:-1] for line in lines)}
