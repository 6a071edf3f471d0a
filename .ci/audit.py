"""Holds what `requirements.lock` pins against the advisories of OSV, by pip-audit: `make audit`.

A known vulnerability fails it. Where OSV can't be asked (no network, too slow) it says so and does not fail:
a fence that is down must not stop people who build offline.
`AUDIT_SECONDS` bounds it, `OSV_URL` names a mirror.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
SECONDS = float(os.environ.get("AUDIT_SECONDS", "50"))
UNREACHABLE = (
    "Could not connect to",
    "ConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "timed out",
    "Max retries",
)


def main(lock: Path) -> int:
    """Exit code: 0 clean or unreachable, 1 for findings, 2 when the audit itself is broken."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--requirement",
        str(lock),
        "--disable-pip",
        "--require-hashes",
    ]
    command += ["--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off"]
    command += ["--osv-url", os.environ["OSV_URL"]] if "OSV_URL" in os.environ else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return unreachable(f"no answer within {SECONDS:.0f} seconds")
    if done.stdout.lstrip().startswith("{"):
        return judged(json.loads(done.stdout)["dependencies"])
    last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
    if any(word in done.stderr for word in UNREACHABLE):
        return unreachable(last[0][:120])
    print(f"audit: pip-audit failed: {last[0]}", file=sys.stderr)
    return 2


def judged(dependencies: list[dict[str, object]]) -> int:
    """What was found, by package."""
    found = 0
    for each in dependencies:
        for known in each.get("vulns") or ():
            found += 1
            print(f"audit: {each['name']} {each['version']}: {known['id']}, fixed in {known['fix_versions']}")
    print(f"audit: {len(dependencies)} packages, {found} known vulnerabilities")
    return 1 if found else 0


def unreachable(why: str) -> int:
    """Said plainly: nothing was audited."""
    print(f"audit: NOT DONE, the advisory database could not be reached: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else LOCK))
