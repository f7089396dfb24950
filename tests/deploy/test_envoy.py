"""Envoy before the servers: JSON over HTTP, gRPC-Web, gRPC, and servers that come and go."""

import base64
import http.client
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from google.api import annotations_pb2

from boxwright.client import Client
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse
from boxwright_contract.errors import BadImage, UnknownName

pytestmark = pytest.mark.deploy

Envoy = Callable[[list[Address]], Any]

PICTURE = np.zeros((64, 96, 3), np.uint8)
PICTURE[5:20, 10:40] = 255
PHOTO = cv2.imencode(".png", PICTURE)[1].tobytes()
BOX = {"x_min_px": 10.0, "y_min_px": 5.0, "x_max_px": 40.0, "y_max_px": 20.0}


def asked(
    port: int, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the body of an HTTP answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, fields)
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    try:
        return answer.status, told, answer.read()
    finally:
        connection.close()


def as_json(port: int, method: str, path: str, sent: object = None) -> tuple[int, Any]:
    body = None if sent is None else json.dumps(sent).encode()
    status, _, data = asked(port, method, path, body, content_type="application/json")
    return status, json.loads(data)


def test_a_photo_is_sent_and_boxes_come_back_as_json(address: Address, envoy: Envoy) -> None:
    photo = {"model": "bright", "encoded": base64.b64encode(PHOTO).decode()}
    with envoy([address]) as port:
        status, answer = as_json(port, "POST", "/v1/detect", photo)
        assert status == 200
        assert [row["box"] for row in answer["detections"]] == [BOX] * 3
        assert answer["image_size"] == {"height_px": 64, "width_px": 96}
        status, answer = as_json(port, "GET", "/v1/models")
        assert status == 200
        assert {row["model"] for row in answer["models"]} == {"bright", "altered"}
        assert as_json(port, "GET", "/v1/models/bright")[1]["summary"]["version"] == "10"
        older = as_json(port, "GET", "/v1/models/bright/versions/9")
        assert older[1]["summary"]["version"] == "9"
        assert as_json(port, "GET", "/v1/plugins")[0] == 200


def test_errors_are_json_with_a_fitting_status(address: Address, envoy: Envoy) -> None:
    with envoy([address]) as port:
        damaged = {"model": "bright", "encoded": base64.b64encode(PHOTO[:40]).decode()}
        status, answer = as_json(port, "POST", "/v1/detect", damaged)
        assert (status, answer["code"]) == (400, 3)
        assert "Send the whole file" in answer["message"]
        assert answer["details"][0]["reason"] == "BadImage"
        status, answer = as_json(port, "POST", "/v1/detect", damaged | {"model": "brihgt"})
        assert (status, answer["code"]) == (404, 5)
        assert "Did you mean 'bright'?" in answer["message"]
        assert asked(port, "POST", "/v1/detect", b"{not json")[0] == 400
        assert asked(port, "POST", "/v1/detect", b'{"modle": "bright"}')[0] == 400
        assert asked(port, "GET", "/v1/nothing")[0] == 404


def test_a_browser_speaks_grpc_web(address: Address, envoy: Envoy) -> None:
    message = DetectRequest(model="bright", encoded=PHOTO).SerializeToString()
    with envoy([address]) as port:
        status, headers, data = asked(
            port,
            "POST",
            "/boxwright.v1.DetectionService/Detect",
            struct.pack(">BI", 0, len(message)) + message,
            content_type="application/grpc-web+proto",
            origin="http://localhost:8000",
            x_grpc_web="1",
        )
        assert status == 200
        assert headers["access-control-allow-origin"] == "http://localhost:8000"
        (length,) = struct.unpack(">I", data[1:5])
        assert len(DetectResponse.FromString(data[5 : 5 + length]).detections) == 3
        assert b"grpc-status:0" in data[5 + length :]
        _, headers, _ = asked(
            port,
            "OPTIONS",
            "/v1/detect",
            origin="http://elsewhere",
            access_control_request_method="POST",
        )
        assert "access-control-allow-origin" not in headers


def test_our_client_and_its_errors_pass_through(address: Address, envoy: Envoy) -> None:
    with envoy([address]) as port, Client(f"127.0.0.1:{port}") as client:
        assert len(client.detect(PICTURE, model="bright").detections) == 3
        with pytest.raises(BadImage, match="Send the whole file"):
            client.detect(PHOTO[:40], model="bright")
        with pytest.raises(UnknownName, match="Did you mean 'bright'"):
            client.detect(PHOTO, model="brihgt")


def test_admin_calls_do_not_pass(settings: Settings, envoy: Envoy) -> None:
    with (
        serve_in_background(replace(settings, admin=True)) as address,
        envoy([address]) as port,
    ):
        for call in (
            "boxwright.v1.AdminService/UnloadModel",
            "inference.GRPCInferenceService/RepositoryModelLoad",
            "inference.GRPCInferenceService/RepositoryModelUnload",
        ):
            assert asked(port, "POST", f"/{call}")[0] == 404
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                asking: Any = channel.unary_unary(f"/{call}")
                assert asking.future(b"").code() is grpc.StatusCode.UNIMPLEMENTED


def test_no_call_fails_when_one_of_two_servers_stops(settings: Settings, envoy: Envoy) -> None:
    stopping = replace(settings, drain_delay_s=2.5)
    with serve_in_background(settings) as stays, ThreadPoolExecutor(4) as pool:
        going = serve_in_background(stopping)
        with envoy([stays, going.__enter__()]) as port, Client(f"127.0.0.1:{port}") as client:
            asking = [pool.submit(client.detect, PHOTO, model="bright") for _ in range(400)]
            going.__exit__(None, None, None)
            asking += [pool.submit(client.detect, PHOTO, model="bright") for _ in range(400)]
            assert {len(each.result().detections) for each in asking} == {3}


def test_the_shipped_descriptors_are_what_protos_says(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2]
    protos = sorted((folder / "protos/boxwright/v1").glob("*.proto"))
    include = Path(str(annotations_pb2.__file__)).parents[2]
    written = tmp_path / "boxwright.pb"
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", str(folder / "protos")]
    command += ["-I", str(include), "--include_imports", f"--descriptor_set_out={written}"]
    subprocess.run([*command, *map(str, protos), "google/rpc/error_details.proto"], check=True)
    shipped = folder / "deploy/envoy/boxwright.pb"
    assert written.read_bytes() == shipped.read_bytes(), "Run: just envoy-descriptors"
