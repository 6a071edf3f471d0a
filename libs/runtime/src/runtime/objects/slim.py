"""Less memory for S3 clients: botocore's table of all AWS endpoints takes 7 MB of each process."""

from typing import Any


def only_s3(session: Any) -> Any:
    """A fresh botocore session, told to forget the endpoints of all services but S3; the same session."""
    endpoints = session.get_component("data_loader").load_data("endpoints")
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in ("s3",) if name in services}
    return session
