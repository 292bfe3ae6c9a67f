#!/usr/bin/python3
"""A flow source in Python, without an SDK: drops packets from the IPv4 addresses in the file that BLOCKLIST names, one a line.

    apt install python3-grpcio python3-protobuf openssl protobuf-compiler
    protoc -I ../../sdk/proto/flowhost/v1 --python_out=. flowhost.proto
    BLOCKLIST=/etc/blocklist flowhost dev -- ./blocklist.py

What a source in any language does: it checks the magic cookie, serves flowhost.v1.Source and grpc.health.v1.Health on a unix socket, and
prints one line, hashicorp/go-plugin's handshake. The host then opens a Session; flowhost.proto tells what is said there.
"""
import base64, ipaddress, os, queue, ssl, subprocess, sys, threading, time, uuid
from concurrent import futures

import grpc
import flowhost_pb2 as pb

COOKIE = "6f0c1d5a-2b7e-4f38-9d61-8e4a7c3b5f02"
BATCH = 1000  # operations in one message of a transaction; at most 1,024


def flow(addr):
    """The flow that drops what comes from an address: a match is OXM TLVs (OpenFlow 1.5 §7.2.3), no actions is drop."""
    match = bytes.fromhex("80000a02" "0800" "80001604") + addr.packed  # eth_type=0x0800, ipv4_src=addr
    return pb.Flow(table=0, priority=900, match=match)


def operations(path):
    """One operation for each address. Its UUID is made from the address, so that it is the same after a restart."""
    with open(path) as lines:
        addresses = {ipaddress.IPv4Address(a) for a in (line.split("#")[0].strip() for line in lines) if a}
    return [pb.Op(kind=pb.OP_KIND_ADD, uuid=uuid.uuid5(uuid.NAMESPACE_OID, str(a)).bytes, flows=[flow(a)]) for a in sorted(addresses)]


class Session:
    """One stream. When it ends, for whatever reason, the process does; the host starts it again, and its flows stay meanwhile."""

    def __init__(self, requests, context):
        self.requests, self.out, self.committed, self.ids, self.status = requests, queue.Queue(), queue.Queue(), 0, 0
        self.changed = threading.Event()  # say everything again
        context.add_callback(lambda: os._exit(self.status))
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        for m in self.requests:
            kind = m.WhichOneof("message")
            if kind == "hello":
                self.out.put(pb.SourceMessage(hello=pb.SourceHello(name="blocklist.py", version="1", protocol=1)))
                threading.Thread(target=self.watch, daemon=True).start()
            elif kind == "committed":
                self.committed.put(m.committed.txn)
            elif kind == "resync":
                self.changed.set()
            elif kind == "shutdown":
                self.out.put(None)
            elif kind == "rejected":
                self.fail(f"{pb.Rule.Name(m.rejected.rule)}: {m.rejected.text}")
            elif kind == "refused":
                print("the switch refused a flow:", m.refused.text, file=sys.stderr)

    def watch(self):
        """Says everything at the start, when the file has changed, and when the host asks for it."""
        said = None
        try:
            while True:
                now = os.stat(os.environ["BLOCKLIST"]).st_mtime_ns
                if now != said or self.changed.is_set():
                    self.changed.clear()
                    said = now
                    self.say_all(operations(os.environ["BLOCKLIST"]))
                self.changed.wait(0.5)
        except Exception as e:
            self.fail(e)

    def say_all(self, ops):
        """A sync: what is not said between its begin and its end goes. So its end is said only when all before it is committed."""
        self.ask(sync_begin=pb.SyncBegin(id=self.next()))
        for first in range(0, len(ops), BATCH):
            self.ask(txn=pb.Txn(id=self.next(), ops=ops[first:first + BATCH]))
        self.ask(sync_done=pb.SyncDone(id=self.next()))
        self.out.put(pb.SourceMessage(status=pb.Status(ready=True, text=f"{len(ops)} addresses")))

    def ask(self, **request):
        """Sends a request, and returns when it is committed. If it is rejected, the process ends."""
        self.out.put(pb.SourceMessage(**request))
        self.committed.get()

    def next(self):
        self.ids += 1
        return self.ids

    def fail(self, why):
        print(why, file=sys.stderr, flush=True)
        self.status = 1
        self.out.put(None)

    def messages(self):
        return iter(self.out.get, None)


def credentials():
    """A certificate of our own, and the host's as the only one we trust. Returns what goes into the handshake line, too."""
    name = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "cert")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", name + ".key", "-out", name],
                   check=True, capture_output=True)
    key, cert = open(name + ".key", "rb").read(), open(name, "rb").read()
    der = base64.b64encode(ssl.PEM_cert_to_DER_cert(cert.decode())).decode().rstrip("=")
    host = os.environ["PLUGIN_CLIENT_CERT"].encode()
    return grpc.ssl_server_credentials([(key, cert)], host, require_client_auth=True), der


def main():
    if os.environ.get("FLOWHOST_PLUGIN") != COOKIE:
        sys.exit("this is a source of flows: flowhost starts it (try flowhost dev -- ./blocklist.py)")
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("flowhost.v1.Source", {"Session": grpc.stream_stream_rpc_method_handler(
            lambda requests, context: Session(requests, context).messages(),
            pb.HostMessage.FromString, pb.SourceMessage.SerializeToString)}),
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(
            lambda request, context: b"\x08\x01")}),  # HealthCheckResponse{status: SERVING}
    ))
    address = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "socket")
    secure, cert = credentials()
    server.add_secure_port("unix:" + address, secure)
    server.start()
    print(f"1|1|unix|{address}|grpc|{cert}", flush=True)  # core protocol | plugin protocol | network | address | protocol | certificate
    server.wait_for_termination()


if __name__ == "__main__":
    main()
