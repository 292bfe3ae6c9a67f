package registration

import (
	"strconv"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// Keys of the integration bridge's external_ids (ovn-controller.c, store_nb_cfg).
const (
	nbCfgKey   = "ovn-nb-cfg"
	sinceKey   = "ovn-nb-cfg-ts"
	startedKey = "ovn-startup-ts"
)

// reached works out how far the sources are, and says whether that is known.
func (d *Duty) reached() bool {
	least, first := 0, true
	for _, source := range d.cfg.Sources {
		n, is := d.marks[source]
		if !is {
			return false
		}
		if first || n < least {
			least, first = n, false
		}
	}
	if first {
		return false
	}
	if least != d.nbCfg || d.since.IsZero() {
		d.nbCfg, d.since = least, d.now
	}
	return true
}

// report is what makes Chassis_Private say how far the switch is (ovn-sb(5), Chassis_Private, nb_cfg). A chassis is at 0 until there is
// more.
func (d *Duty) report() (w duty.Write, is string) {
	if d.private == nil || !d.reached() {
		return w, ""
	}
	w = duty.Write{What: "nb_cfg of chassis " + d.name(), Database: duty.Southbound}
	if d.private.NbCfg != d.nbCfg {
		w.Operations = append(w.Operations, duty.Update(sb.ChassisPrivateTable, d.rowID.String(), libovsdb.Row{
			"nb_cfg": d.nbCfg, "nb_cfg_timestamp": d.since.UnixMilli()}))
	}
	return w, strconv.Itoa(d.nbCfg)
}

// annotate is what makes the integration bridge say the same, and since when this program runs.
func (d *Duty) annotate() (w duty.Write, is string) {
	w = duty.Write{What: "external_ids of bridge " + d.cfg.Bridge, Database: duty.Vswitch}
	want := map[string]string{startedKey: strconv.FormatInt(d.cfg.Started.UnixMilli(), 10)}
	if d.reached() && d.nbCfg > 0 { // before the first one, ovn-controller says nothing
		want[nbCfgKey], want[sinceKey] = strconv.Itoa(d.nbCfg), strconv.FormatInt(d.since.UnixMilli(), 10)
	}
	pairs := map[string]string{}
	for key, value := range want {
		if d.bridge.ExternalIDs[key] != value && (key != sinceKey || d.bridge.ExternalIDs[nbCfgKey] != want[nbCfgKey]) {
			pairs[key] = value
		}
	}
	if len(pairs) > 0 {
		w.Operations = append(w.Operations, duty.SetKeys(vswitch.BridgeTable, d.bridgeID.String(), "external_ids", pairs))
	}
	return w, want[startedKey] + " " + want[nbCfgKey]
}
