"""Generates the Python stubs from the protos into the folder `stubs` beside this file.

    python make_stubs.py [PROTO_FOLDER]

Needs grpcio-tools. The stubs of google.rpc come with googleapis-common-protos.
"""

import pathlib
import sys

import grpc_tools
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent


def main():
    protos = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent.parent / "proto")
    stubs = HERE / "stubs"
    stubs.mkdir(exist_ok=True)
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    folders = [f"-I{protos}", f"-I{well_known}"]
    outputs = [f"--python_out={stubs}", f"--grpc_python_out={stubs}"]
    # Not the broker's: a partner system speaks to its own node, an auditor to the log.
    wanted = [path for part in ("type", "node", "audit") for path in protos.glob(f"covenant/{part}/v1/*.proto")]
    failed = protoc.main(["protoc", *folders, *outputs, *sorted(str(path) for path in wanted)])
    if failed:
        sys.exit(f"protoc gave {failed}")
    print(f"stubs of {len(wanted)} protos in {stubs}")


if __name__ == "__main__":
    main()
