package local

// Fact names one thing that a State knows and that may become different: what it is that flows depend on.
type Fact struct {
	Kind Kind
	Name string // of the kind's namespace, which its comment gives
}

// Kind is a kind of facts.
type Kind uint8

// The kinds of facts, and what each is named by.
const (
	KindPort         Kind = iota // a logical port's row, Location, and whether it is Related, by its name
	KindBinding                  // the same, by the UUID of its Port_Binding
	KindInterface                // the interface that is here for a logical port, by the port's name
	KindExpected                 // whether an interface that has no number yet is here for a logical port, by the port's name
	KindDatapath                 // whether a datapath is local, and its tunnel key, by its UUID
	KindLocalnet                 // the localnet port of a datapath, by the datapath's UUID
	KindExternal                 // its external ports
	KindMultichassis             // its ports that are on several chassis
	KindPeers                    // its patch ports and what is behind them
	KindVTEP                     // the VTEP ports of a chassis, by the UUID of its row
	KindTag                      // the containers with a tag behind a port, by the port's name and the tag, see TagName
	KindPatch                    // the patch port that leads to a network or gateway, by the name of the logical port
	KindTunnels                  // the tunnels to a chassis, by its name
	KindChassis                  // a chassis' row, by its UUID
	KindEncap                    // an encapsulation's row, by its UUID
	KindGroup                    // an HA chassis group, with its members, by its UUID
	KindZone                     // a conntrack zone, by what it is for
	KindSetting                  // a setting of this chassis, by its key
	KindSelf                     // the names of this chassis and its row; has no name
	KindUp                       // whether any tunnel is up; has no name
	kinds
)

var kindNames = [kinds]string{
	"port", "binding", "interface", "expected", "datapath", "localnet", "external", "multichassis", "peers", "vtep", "tag", "patch", "tunnels",
	"chassis", "encap", "group", "zone", "setting", "self", "up",
}

func (k Kind) String() string { return kindNames[k] }

func (f Fact) String() string {
	if f.Name == "" {
		return f.Kind.String()
	}
	return f.Kind.String() + " " + f.Name
}

// Watch makes the State call changed for each fact that may have become different, perhaps more than once: in Change or in Settle, but
// what it is now is settled only after Settle. To be called before the first Change.
func (s *State) Watch(changed func(Fact)) { s.watch = changed }

func (s *State) fire(kind Kind, name string) {
	if s.watch != nil {
		s.watch(Fact{kind, name})
	}
}
