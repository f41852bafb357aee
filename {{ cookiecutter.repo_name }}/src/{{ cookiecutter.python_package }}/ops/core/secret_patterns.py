"""What a secret looks like in a text: by its name, by what stands around it, by its form.

Every repetition that can begin anywhere is bounded, so that the time is linear in the
length of the text. A pattern keeps its groups and hides the rest.
"""

from __future__ import annotations

import re

# What a secret is called, at the end of a name: DB_PASSWORD, x-api-key, clientSecret2.
_NAME = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token"
    r"|(?:api|access|account|auth|encryption|private|secret|shared|signing|subscription)"
    r"[_-]?key)_?\d*"
)
NAME = re.compile(
    rf"(?i){_NAME}$|(?<![a-z])pass$|(passwords|secrets|credentials?)$|^aws_key$"
    r"|(^|_)(sas|auth(orization)?)$|conn(ection)?_?str(ing)?$"
)

# user:password@ or user@ of a URL. A password may contain @ and /.
USER = re.compile(
    r"(?<=://)(?:[^\s/'\"<>@:]{0,99}:(?!\d{1,5}\b[/?#])[^\s'\"<>]{1,300}@"
    r"|[^/\s'\"<>]{1,300}@)"
)

# A header, to the end of the line or of the quotes.
_HEADER = re.compile(
    r"(?i)(\b(?:(?:proxy-)?authorization|(?:set-)?cookie)(?:\\?['\"])?\s?[:=]\s?)"
    r"(?:[bruf]{0,2}\\?['\"])?[^\r\n'\"]+"
)

# A name and its value: password=x, 'token': 'x', --api-key x, <secret>x.
_LABEL = (
    rf"(?:(?<![\w-])[\w-]{{0,30}}{_NAME}|\bx-amz-signature|\bsig|\bsas)(?:\\?['\"])?"
    r"(?:\s{0,9}(?::=|=>|[=:](?!=))\s{0,9}|>|%3D)"
    r"|--[\w-]{0,30}(?:password|token|secret|key)\s{1,9}"
    r"|\b(?:password|identified\s{1,9}by)\s{1,9}(?=['\"])"
    r"|\bcurl\b[^\n]{0,200}?\s(?:-u|--user)[\s=]['\"]?[^\s:'\"]{1,99}:"
    r"|\b(?:bearer|basic)\s{1,9}(?=[A-Za-z]{0,30}[0-9+=~_])(?=[\w.~+/=-]{8})"
)
# Not a value but code, as in the lines of a traceback: password=self.password
_CODE = (
    r"(?:None|True|False|null|str|bytes|int|Optional|SecretStr)\b(?![\w-])"
    r"|(?:self|cls|os|settings|config|credentials|context|params|args|kwargs|options)[.\[]"
    r"|\w{1,40}\[['\"]|\w{0,40}(?:get|read|load|env|make|create)\w{0,40}\(|%|\*\*\*"
)
# A text in quotes, which may be escaped or cut off at its end; else a word.
_VALUE = (
    r"[bruf]{0,2}'(?:[^'\\\n]|\\.)*'?|[bruf]{0,2}\"(?:[^\"\\\n]|\\.)*\"?"
    r"|\\[\"'](?:[^\\\n]|\\[^\"'\n])*(?:\\[\"'])?"
    r"|(?:[^\s&;,'\"(){}\[\]<\\]|[,'\"(){}\[\]\\](?=[^\s&;,'\"(){}\[\]<\\]))+"
)
_LABELED = re.compile(rf"(?i)({_LABEL})(?!{_CODE})(?:{_VALUE})")

# Keys that show by their form what they are, as the rules of gitleaks list them.
_KEYS = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|https://(?:hooks\.slack(?:-gov)?\.com|discord(?:app)?\.com/api/webhooks"
    r"|[\w-]{1,99}\.webhook\.office\.com)/[\w/@-]+"
    # AWS, and the secret that stands beside its id
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"(?:[^A-Za-z0-9]{1,20}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=]))?"
    r"|\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w-]{8,}"  # Slack
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JSON Web Token
    r"|\b\d{8,10}:AA[\w-]{33}|(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}"  # Telegram, Azure
    # A prefix and letters: GitHub, Hugging Face, npm, Grafana, DigitalOcean, ...
    r"|\b(?:gh[a-z]_|github_pat_|hf_|api_org_|npm_|gl(?:c|sa)_|figd_|gsk_|r8_|pnu_"
    r"|lin_api_|rubygems_|do[opr]_v1_|sntry[su]_|pul-|AKCp|LTAI|EAA[A-Z]|dapi|ops_eyJ"
    r"|shp[a-z]{2}_|pscale_[a-z]{2,6}_)[A-Za-z0-9]{20}[\w.=+/-]*"
    # A prefix and what has a digit: OpenAI, GitLab, Google, Vault, Stripe, ...
    r"|\b(?:sk-|gl[a-z]{2,5}-|AIza|ya29\.|GOCSPX-|SG\.|dckr_[a-z]{3}_|hv[bs]\.|dp\.pt\."
    r"|[sr]k_(?:live|test)_|whsec_|xkeysib-|PMAK-|NRAK-|ATATT3|ATBB|pypi-|HRKU-|sha256~"
    r"|AGE-SECRET-KEY-1)(?=[\w.=~+/-]{0,60}\d)[\w.=~+/-]{20,}",
    re.DOTALL,
)

# In this order: a key may be the value of a name.
HIDING = (_KEYS, _HEADER, _LABELED)
