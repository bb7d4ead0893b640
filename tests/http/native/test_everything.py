"""What the command line and the library can be asked for, the native API can be asked for, too."""

from __future__ import annotations

import inspect

import httpx

import windstill
from tests.http.native.test_animations import get
from tests.http.running import RunningServer
from windstill.cli import main
from windstill.client import AsyncClient, Client
from windstill.http.native.description import paths
from windstill.options import describe
from windstill.settings import Settings

# By other names, or matters of the caller's own machine.
RENAMED = {"strict": "must_move", "photo": "image", "photos": "image"}
HERE = {
    "output", "jobs", "threads", "recursive", "watch", "force", "as_json", "report_file", "quiet",
    "help", "limits", "progress", "options", "mattes",
}  # fmt: skip


def fields(path: str, kind: str) -> set[str]:
    body = paths(Settings())[path]["post"]["requestBody"]["content"][kind]["schema"]
    return set(body["properties"])


def test_the_form_takes_every_option() -> None:
    options = {str(option["name"]) for option in describe()}
    taken = fields("/v1/animations", "multipart/form-data")
    assert options | {"image", "sky_matte", "hair_matte", "poster", "must_move"} <= taken
    json = fields("/v1/animations", "application/json")
    assert taken - options - {"image", "sky_matte", "hair_matte"} <= json


def test_the_form_takes_every_flag_of_the_command() -> None:
    command = main.get_command(main.make_context("windstill", ["animate", "x"]), "animate")
    assert command is not None
    flags = {RENAMED.get(str(p.name), str(p.name)) for p in command.params} - HERE
    assert len(flags) > 15
    assert flags <= fields("/v1/animations", "multipart/form-data")


def test_the_form_takes_every_argument_of_the_library() -> None:
    arguments = {
        RENAMED.get(name, name) for name in inspect.signature(windstill.animate).parameters
    }
    assert arguments - HERE <= fields("/v1/animations", "multipart/form-data")
    mattes = set(inspect.signature(windstill.mattes_from).parameters) - HERE
    assert {RENAMED.get(n, f"{n}_matte") for n in mattes} <= fields(
        "/v1/mattes", "multipart/form-data"
    )


def test_the_clients_take_every_field_that_is_no_option() -> None:
    options = {str(option["name"]) for option in describe()}
    wanted = fields("/v1/animations", "multipart/form-data") - options - {"image", "image_url"}
    for client in (Client, AsyncClient):
        assert wanted <= set(inspect.signature(client.create).parameters)


def test_what_can_be_asked_for_is_told(server: RunningServer) -> None:
    told = {entry["name"]: entry for entry in get(server, "/v1/options").json()["options"]}
    assert told.keys() == {str(option["name"]) for option in describe()} | {"poster", "must_move"}
    assert told["poster"]["allowed"] == ["none", "jpg", "png", "webp"]
    assert httpx.get(server.address + "/v1/options").status_code == 200
