package flowhostv1

// What host and plugin must agree on before there is a session. It never changes within this package's version.
const (
	// PluginKey is the name of Source in go-plugin's set of plugins.
	PluginKey = "source"
	// PluginVersion is go-plugin's protocol version for this package (PLUGIN_PROTOCOL_VERSIONS, and the second field of the
	// handshake line).
	PluginVersion = 1
	// MagicCookieKey and MagicCookieValue are the environment variable by which a plugin knows that flowhost started it. It
	// is no secret, and protects from nothing but being started by hand.
	MagicCookieKey   = "FLOWHOST_PLUGIN"
	MagicCookieValue = "6f0c1d5a-2b7e-4f38-9d61-8e4a7c3b5f02"
)

// Protocol is the version of the session that this file's neighbours describe, as said in both Hellos.
const Protocol = 1

// Capabilities beyond the base, as said in both Hellos. Who does not hear one from the other side does not use it: to an older peer it
// would be an unknown field, and ignored.
const (
	CapabilityGroups = "groups" // of a host: groups, meters and conntrack flushes
	CapabilityAtomic = "atomic" // of a host: Txn.atomic
	CapabilityMarks  = "marks"  // of a host: Txn.marks, Watch
	CapabilityPacket = "packet" // of a host: Subscribe, PacketOut, Resume

	CapabilityDescribe = "describe" // of a source: Describe
)

// Limits that hold in every session. What a host may choose (Limits in flowhost.proto) is not here.
const (
	MaxMessageBytes = 1 << 20   // of any message, either way
	BatchOps        = 1024      // operations in one message of a transaction
	MaxAnswerBytes  = 512 << 10 // of the text and fields of a Description or Reply
	BatchBytes      = 256 << 10 // bytes of operations in one message of a transaction, unless one flow is longer
)
