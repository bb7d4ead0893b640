"""What an operator can set: one table.

Each field of `Settings` is one setting. Its environment variable is the name in capitals behind
`WINDSTILL_`; in the TOML file and on the command line it has its own name. Later sources win:
default, file, environment, flag. The operator's reference is generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from windstill.options import Quality
from windstill.settings.values import checked

StatusProfile = Literal["current", "2025"]
NothingToMove = Literal["still", "refuse"]
CompatibleFormat = Literal["mp4", "avi"]
AcsApi = Literal["off", "avi", "mp4"]
LogFormat = Literal["json", "text"]
LogLevel = Literal["debug", "info", "warning", "error"]

_DAY = 24 * 3600


def _setting(group: str, default: Any, help: str, **rule: Any) -> Any:
    return field(default=default, metadata={"group": group, "help": help, **rule})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of the service; creating it checks each one.

    Raises `InvalidSetting`, which names the setting and what is allowed.
    """

    host: str = _setting("server", "127.0.0.1", "Address to listen on; 0.0.0.0 is every network.")
    port: int = _setting(
        "server", 8080, "Port to listen on; 0 takes a free one.", low=0, high=65535
    )
    data: str = _setting("server", "data", "Folder of keys, jobs and results.")
    public_url: str = _setting(
        "server",
        "",
        "Address that clients reach the service at, such as https://loops.example.org; result "
        "links begin with it. Empty: the host that the request itself named.",
    )
    trusted_proxies: str = _setting(
        "server",
        "",
        "Addresses of reverse proxies, with commas between, whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed.",
    )
    cors_origins: str = _setting(
        "server", "*", "Web origins that may call from a browser, with commas between; * is any."
    )
    metrics: bool = _setting("server", True, "Serve Prometheus metrics at /metrics.")
    log_format: LogFormat = _setting(
        "server", "json", "Form of the log on standard error.", choices=get_args(LogFormat)
    )
    log_level: LogLevel = _setting(
        "server", "info", "Least weight of what is logged.", choices=get_args(LogLevel)
    )
    drain_seconds: float = _setting(
        "server", 30.0, "How long running requests may finish after SIGTERM.", low=0, high=600
    )
    drain_delay: float = _setting(
        "server",
        0.0,
        "How long new connections are still taken after SIGTERM, with /readyz at 503, so that "
        "a load balancer can notice.",
        low=0,
        high=120,
    )

    status_profile: StatusProfile = _setting(
        "compatible API",
        "current",
        "HTTP statuses of the error codes: as the vendor documents them now, or as in 2025.",
        choices=get_args(StatusProfile),
    )
    nothing_to_move: NothingToMove = _setting(
        "compatible API",
        "still",
        "A photo without anything to move: answer with a still loop and a warning, or refuse.",
        choices=get_args(NothingToMove),
    )
    format: CompatibleFormat = _setting(
        "compatible API", "mp4", "Container of the results.", choices=get_args(CompatibleFormat)
    )
    seconds: float = _setting("compatible API", 4.0, "Length of one loop.", low=2, high=12)
    fps: int = _setting("compatible API", 24, "Frames per second.", low=8, high=60)
    strength: Literal["calm", "normal", "windy"] = _setting(
        "compatible API", "normal", "How strong the wind is.", choices=("calm", "normal", "windy")
    )
    quality: Quality = _setting(
        "compatible API",
        "normal",
        "Fidelity of the results against their size.",
        choices=get_args(Quality),
    )
    answer_seconds: float = _setting(
        "compatible API",
        60.0,
        "How long a request waits for its result before it is answered with a timeout.",
        low=1,
        high=600,
    )

    acs_api: AcsApi = _setting(
        "signed API",
        "off",
        "Answer clients of Alibaba Cloud's GenerateDynamicImage (imageenhan, 2019-09-30), with "
        "results as AVI, which it had, or as MP4. It fetches photos, so image_urls must be true.",
        choices=get_args(AcsApi),
    )

    loop_sources: str = _setting(
        "addresses",
        "",
        "Addresses below which photos may be animated by signed addresses, GET /loop/..., such as "
        "https://photos.example.org/, with commas between; * is every public one. Empty: off.",
    )

    result_seconds: int = _setting(
        "results", _DAY, "How long the link to a result works.", low=1, high=30 * _DAY
    )

    max_body_bytes: int = _setting(
        "uploads",
        8 * 2**20,
        "Largest request body that is read at all.",
        low=4 * 2**20,
        high=256 * 2**20,
    )
    max_parts: int = _setting("uploads", 32, "Most parts in one multipart body.", low=2, high=1000)
    upload_memory_mb: int = _setting(
        "uploads",
        192,
        "Memory for photos that arrive or are fetched, in MiB; one key has at most half of it. "
        "It is never less than two of the largest bodies: six times max_photo_bytes.",
        low=8,
        high=65536,
    )
    upload_seconds: float = _setting(
        "uploads", 60.0, "How long a request body may take to arrive.", low=1, high=600
    )
    upload_rate: int = _setting(
        "uploads",
        4096,
        "Bytes a second that a request body must bring on average, after its first 10 seconds.",
        low=1,
        high=2**20,
    )
    header_seconds: float = _setting(
        "uploads", 15.0, "How long the head of a request may take to arrive.", low=1, high=120
    )
    max_connections: int = _setting(
        "uploads",
        1024,
        "Most connections held at the same time; when there are more, the oldest without a "
        "request in work is closed.",
        low=8,
        high=100_000,
    )
    max_connections_per_address: int = _setting(
        "uploads",
        128,
        "Most connections of one address at the same time, and most requests in work of one "
        "client behind a trusted proxy; of IPv6 addresses the first 64 bits count.",
        low=1,
        high=100_000,
    )

    max_photo_bytes: int = _setting(
        "native API", 2**25, "Largest file of a photo or a matte.", low=2**20, high=2**28
    )
    max_photo_pixels: int = _setting(
        "native API", 64_000_000, "Most pixels of a photo.", low=1_000_000, high=200_000_000
    )
    finish_seconds: float = _setting(
        "native API",
        600.0,
        "How long an animation may wait and run before it is failed.",
        low=10,
        high=24 * 3600,
    )

    image_urls: bool = _setting(
        "native API", False, "Fetch photos from addresses that clients name, as image_url."
    )
    webhooks: bool = _setting(
        "native API", False, "Tell addresses that clients name when their animations have ended."
    )
    reachable_networks: str = _setting(
        "native API",
        "",
        "Networks that image_url, loop_sources and webhooks may reach beside the public "
        "internet, such as 10.1.0.0/16, with commas between.",
    )

    credits_per_success: int = _setting(
        "keys", 15, "Credits that one success costs; failures cost none.", low=0, high=1_000_000
    )
    rate_limit: int = _setting(
        "keys",
        60,
        "Jobs a minute that a key without a limit of its own may start; 0 is any number.",
        low=0,
        high=1_000_000,
    )
    rate_burst: int = _setting(
        "keys", 10, "Jobs that a key may start at once before its rate counts.", low=1, high=10_000
    )
    job_limit: int = _setting(
        "keys",
        8,
        "Unfinished jobs that a key without a limit of its own may have; 0 is any number.",
        low=0,
        high=10_000,
    )

    slots: int = _setting(
        "jobs", 0, "Jobs that run at the same time; 0 is one for each usable CPU.", low=0, high=256
    )
    spare_processes: int = _setting(
        "jobs",
        4,
        "How many processes, one for each slot at most, wait with the networks loaded, so that "
        "jobs begin sooner. Each takes about 70 MB, and goes after five minutes without a job.",
        low=0,
        high=256,
    )
    queue_length: int = _setting(
        "jobs", 8, "Jobs that may wait for a slot; more are refused at once.", low=1, high=10_000
    )
    job_seconds: float = _setting(
        "jobs", 60.0, "Longest time that one job may run.", low=5, high=3600
    )
    job_memory_mb: int = _setting(
        "jobs", 3072, "Most memory that one job may take, in MiB.", low=256, high=65536
    )

    run_jobs: bool = _setting(
        "many machines",
        True,
        "Run jobs in the service itself; false: it only takes them in, and windstill worker "
        "runs them.",
    )
    database: str = _setting(
        "many machines",
        "",
        "Where keys and jobs are: postgresql://user:password@host/name. Empty: a file in the data "
        "folder.",
        address=("postgresql", "postgres"),
    )
    broker: str = _setting(
        "many machines",
        "",
        "RabbitMQ that carries the jobs' ids: amqp://user:password@host/ or amqps://. Empty: the "
        "database does that, too.",
        address=("amqp", "amqps"),
    )
    storage: str = _setting(
        "many machines",
        "",
        "Where uploads and results are: s3://bucket or s3://bucket/folder. Empty: the data folder.",
        address=("s3",),
    )
    s3_endpoint: str = _setting(
        "many machines", "", "Address of the object store; empty: Amazon's of the region."
    )
    s3_public_endpoint: str = _setting(
        "many machines",
        "",
        "Address at which clients reach the object store, where that is another.",
    )
    s3_region: str = _setting(
        "many machines", "", "Region of the bucket; empty: that of AWS_REGION, or us-east-1."
    )
    s3_access_key: str = _setting(
        "many machines",
        "",
        "Access key of the object store; empty: AWS_ACCESS_KEY_ID, or the machine's role.",
    )
    s3_secret_key: str = _setting(
        "many machines", "", "Secret key that belongs to it.", secret=True
    )
    link_secret: str = _setting(
        "many machines",
        "",
        "What signs links to results in the data folder, the same for all; see openssl rand "
        "-hex 32. Empty: a file in the data folder.",
        secret=True,
        hexadecimal=64,
    )
    webhook_secret: str = _setting(
        "many machines",
        "",
        "What signs webhooks, the same for all; see openssl rand -hex 32. Empty: a file in the "
        "data folder.",
        secret=True,
        hexadecimal=64,
    )
    access_secret: str = _setting(
        "many machines",
        "",
        "What the secrets of access key pairs are derived from, the same for all; see openssl "
        "rand -hex 32. Empty: a file in the data folder.",
        secret=True,
        hexadecimal=64,
    )
    worker_port: int = _setting(
        "many machines",
        0,
        "Port at which windstill worker tells its health and metrics; 0: at none.",
        low=0,
        high=65535,
    )
    worker_host: str = _setting(
        "many machines", "127.0.0.1", "Address at which it does; 0.0.0.0 is every network."
    )

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, checked(spec, getattr(self, spec.name)))

    @property
    def data_folder(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.data).expanduser().absolute()
