// Package apply keeps the switch equal to the table. It is one goroutine, the Loop, that owns the table: sessions hand it
// transactions, the switch connection hands it what the switch said, and after each step it sends what the table now wants
// changed.
//
// The connection to the switch goes through these phases, and back to disconnected from each of them:
//
//	disconnected ──up──▶ tlv ──mapped──▶ dump ──last table──▶ adopting ──all claimed──▶ steady
//	      ▲               │               │                       │                       │
//	      └───────────────┴───────────────┴──── connection lost ──┴───────────────────────┘
//
// (Hello and features come before "up", in package swconn.) In tlv, OVN's Geneve option gets its field tun_metadataN, the one it
// had before if that is free, and the sources are told N; what names another field that the option had is held back by the table.
// In dump, groups are read one by one (group.go says why), then meters, then the tables that hold flows, each by itself, so that no
// dump holds up the switch's main loop for long. Adopting sends differences already; only what an owner may still claim is held.
// There is no phase, and no command, that deletes everything.
//
// From before the dump on the switch reports what changes: flows by its flow monitor, groups and meters by request-forwards. A report
// is judged by content, whoever made the change. In adopting and steady a verification finds what reports cannot tell:
//
//	┌───────────────── done ─────────────────┐
//	▼                                        │
//	armed ──reports paused, or garbled──▶ verifying
//	│                                     ▲  │
//	└─big load─▶ off ────lanes closed─────┘  │
//	              ▲                          │
//	              └───────── big load ───────┘
//
// During a big load the monitor is off. When its lanes are closed it is armed again, and a verification reads everything, as it does
// after the switch had to pause its reports; between two of them is a rest as long as the one before took.
package apply
