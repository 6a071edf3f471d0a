"""Servers that exist already and take the place of our own, named by settings."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class External(BaseSettings):
    """Addresses from the environment (`FRAMEBUS_…`); where one is empty the stack runs its own server."""

    model_config = SettingsConfigDict(env_prefix="FRAMEBUS_")

    kafka_bootstrap: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "framebus"
    postgres_dsn: str = ""
