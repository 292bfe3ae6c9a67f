// Package apply keeps the switch equal to the table. It is one goroutine, the Loop, that owns the table: sessions hand it
// transactions, the switch connection hands it what the switch said, and after each step it sends what the table now wants
// changed.
//
// The connection to the switch goes through these phases, and back to disconnected from each of them:
//
//	disconnected ──up──▶ dumping ──last table──▶ adopting ──all claimed──▶ steady
//	      ▲                 │                        │                        │
//	      └─────────────────┴──────── connection lost ───────────────────────┘
//
// Dumping reads the flow tables, one request a table, so that no dump holds up the switch's main loop for long. Adopting
// sends differences already; only entries that an owner may still claim are held. There is no phase, and no command, that deletes
// everything.
package apply
