"""Sends a signal that is wrong in two places, and prints what the node says about it.

    python refused.py DIR/world.json
"""

import json
import pathlib
import sys

sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parent / "stubs")]
import grpc
from covenant.node.v1.signal_service_pb2 import Signal, SubmitSignalRequest
from covenant.node.v1.signal_service_pb2_grpc import SignalServiceStub
from google.protobuf.json_format import Parse
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2
from uuid7 import uuid7

HERE = pathlib.Path(__file__).resolve().parent


def unpacked(error):
    """The details of a refusal, by the name of their type."""
    raw = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    for item in status_pb2.Status.FromString(raw).details:
        message = getattr(details, item.type_url.rsplit(".", 1)[-1])()
        item.Unpack(message)
        yield type(message).__name__, message


def main():
    world = json.loads(pathlib.Path(sys.argv[1]).read_text())
    node = world["nodes"]["gemeente"]
    me = node["clients"]["partner"]
    pem = [pathlib.Path(path).read_bytes() for path in (world["ca"], me["key"], me["cert"])]
    channel = grpc.secure_channel(node["grpc"], grpc.ssl_channel_credentials(*pem))

    signal = Parse((HERE / "signal.json").read_text(), Signal(id=uuid7()))
    signal.observed_at.GetCurrentTime()
    signal.subjects[0].address.postcode = "0234 AB"
    signal.subjects.add().person.bsn = "123456789"
    try:
        SignalServiceStub(channel).SubmitSignal(SubmitSignalRequest(request_id=uuid7(), signal=signal))
    except grpc.RpcError as error:
        print(error.code().name, error.details())
        for kind, message in unpacked(error):
            if kind == "ErrorInfo":
                print("reason:", message.reason)
            elif kind == "BadRequest":
                for field in message.field_violations:
                    print("field:", field.field, field.reason, "-", field.description)
            elif kind == "LocalizedMessage":
                print("in het Nederlands:", message.message)
        return
    sys.exit("the node took a signal that is wrong")


if __name__ == "__main__":
    main()
