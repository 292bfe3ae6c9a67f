#!/usr/bin/python3
"""Sends the transactions in CASES, "NAME=BASE64" each, and writes to standard error what the host says to each."""
import base64, os, sys
import blocklist
import flowhost_pb2 as pb


class Session(blocklist.Session):
    def watch(self):
        for case in os.environ["CASES"].split("\n"):
            self.name, text = case.split("=", 1)
            txn = pb.Txn.FromString(base64.b64decode(text))
            txn.id = self.next()
            self.ask(txn=txn)
        print("all said", file=sys.stderr, flush=True)

    def ask(self, **request):
        self.out.put(pb.SourceMessage(**request))
        print(f"{self.name}: {self.committed.get()}", file=sys.stderr, flush=True)

    def fail(self, why):
        self.committed.put(why)


blocklist.Session = Session
blocklist.main()
