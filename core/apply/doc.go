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
// (Hello and features come before "up", in package swconn.) In tlv, OVN's Geneve option gets its field tun_metadataN, and the
// sources are told N. In dump, the tables that hold flows are read one by one, so that no dump holds up the switch's main loop for
// long. Adopting sends differences already; only what an owner may still claim is held. There is no phase, and no command, that deletes
// everything.
package apply
