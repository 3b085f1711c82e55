"""The municipality pushes a signal; the housing corporation asks before a visit. Mutual TLS, ten lines.

    python push_and_check.py DIR/world.json       (DIR: the folder of `sandbox serve`)
"""

import json
import pathlib
import sys

sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parent / "stubs")]
import grpc
from covenant.node.v1.check_service_pb2 import CheckVisitRequest
from covenant.node.v1.check_service_pb2_grpc import CheckServiceStub
from covenant.node.v1.signal_service_pb2 import Signal, SubmitSignalRequest
from covenant.node.v1.signal_service_pb2_grpc import SignalServiceStub
from google.protobuf.json_format import Parse
from uuid7 import uuid7

HERE = pathlib.Path(__file__).resolve().parent

# The ten lines.
world = json.loads(pathlib.Path(sys.argv[1]).read_text())
def connect(party, client):
    node, me = world["nodes"][party], world["nodes"][party]["clients"][client]
    pem = [pathlib.Path(path).read_bytes() for path in (world["ca"], me["key"], me["cert"])]
    return grpc.secure_channel(node["grpc"], grpc.ssl_channel_credentials(*pem))
signal = Parse((HERE / "signal.json").read_text(), Signal(id=uuid7()))
signal.observed_at.GetCurrentTime()
SignalServiceStub(connect("gemeente", "partner")).SubmitSignal(SubmitSignalRequest(request_id=uuid7(), signal=signal))
question = Parse((HERE / "question.json").read_text(), CheckVisitRequest(request_id=uuid7()))
print(CheckServiceStub(connect("corporatie", "handler")).CheckVisit(question).text_nl)
