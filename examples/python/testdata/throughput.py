#!/usr/bin/python3
"""Sends FLOWS flows like OVN's as fast as it can: with PLAIN as a mere stream of messages, otherwise as the transactions of a sync."""
import os
import blocklist
import flowhost_pb2 as pb

MATCH, ACTIONS = bytes.fromhex(os.environ["MATCH"]), bytes.fromhex(os.environ["ACTIONS"])
METADATA = MATCH.index(bytes.fromhex("80000408")) + 4  # OXM_OF_METADATA: what makes the flows different


def messages():
    count = int(os.environ["FLOWS"])
    for ident, first in enumerate(range(0, count, blocklist.BATCH), 1):
        txn = pb.Txn(id=ident)
        for n in range(first, min(first + blocklist.BATCH, count)):
            match = MATCH[:METADATA] + n.to_bytes(8, "big") + MATCH[METADATA + 8:]
            txn.ops.add(kind=pb.OP_KIND_ADD, uuid=n.to_bytes(16, "big")).flows.add(table=8, priority=50, match=match, actions=ACTIONS)
        yield pb.SourceMessage(txn=txn)


class Session(blocklist.Session):
    def messages(self):
        if "PLAIN" in os.environ:
            yield from messages()
            return
        yield self.out.get()  # the Hello
        yield from messages()
        yield pb.SourceMessage(sync_done=pb.SyncDone(id=1 << 32))
        yield from super().messages()

    def watch(self):
        pass


blocklist.Session = Session
blocklist.main()
