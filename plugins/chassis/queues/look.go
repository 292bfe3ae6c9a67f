package queues

import (
	"fmt"
	"maps"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

const (
	qosType = "linux-htb"
	// noopType keeps ovs-vswitchd from the queues of a device (ovs-vswitchd.conf.db(5), QoS, type).
	noopType = "linux-noop"

	ovnQoS  = "ovn_qos"  // in external_ids of a QoS: it is OVN's
	ovnPort = "ovn_port" // in external_ids of a Queue: the logical port

	// maxRate of a device, in bits/s: the most that the kernel's 32 bits of bytes/s hold (binding.c, OVN_QOS_MAX_RATE). Without it the
	// speed of the link would bound all queues, which of many devices is not known.
	maxRate = "34359738360"

	qosName = "qos" // uuid-name of the QoS row
)

// look says what to write for a thing.
func (d *Duty) look(t thing) duty.Write {
	w := duty.Write{Database: duty.Vswitch}
	switch {
	case t.port != "":
		w.What, w.Operations = "QoS of port "+t.port, d.lookPort(t.port)
	case t.queue != 0:
		w.What, w.Operations = fmt.Sprint("queue ", t.queue), d.lookQueue(t.queue)
	default:
		w.What, w.Operations = "QoS", d.lookQoS()
	}
	return w
}

// lookQoS: there is one QoS row while there is a queue and a way out. It goes when its queues have gone.
func (d *Duty) lookQoS() (operations []ovsdb.Operation) {
	ours := d.ours()
	switch {
	case d.known.needed && len(ours) == 0:
		return []ovsdb.Operation{duty.Insert(vswitch.QoSTable, qosName, libovsdb.Row{"type": qosType,
			"other_config": duty.Map(map[string]string{"max-rate": maxRate}), "external_ids": duty.Map(map[string]string{ovnQoS: "true"})})}
	case len(ours) > 0 && (d.known.needed || len(d.qos[ours[0]].Queues) > 0):
		ours = ours[1:] // the first one stays
	}
	for _, id := range ours {
		for port := range d.users[id] {
			operations = append(operations, duty.Update(vswitch.PortTable, port, libovsdb.Row{"qos": duty.Refs()}))
		}
		queues := map[int]libovsdb.UUID{}
		for number, queue := range d.qos[id].Queues {
			queues[number] = duty.Ref(queue)
			operations = append(operations, duty.Delete(vswitch.QueueTable, queue))
		}
		// A Queue of no QoS would stay for ever: so none may have come about meanwhile.
		operations = append(operations, duty.Unchanged(vswitch.QoSTable, id, libovsdb.Row{"queues": duty.Map(queues)}),
			duty.Delete(vswitch.QoSTable, id))
	}
	return operations
}

// isWayOut says whether a port has queues.
func (d *Duty) isWayOut(port string) bool {
	return d.known.needed && d.egress[port] && d.known.bridges[d.ports.On(port)]
}

// lookPort: the ways out have the QoS row, and no other port has it.
func (d *Duty) lookPort(id string) []ovsdb.Operation {
	row := d.ports.Port(id)
	if row == nil || d.known.qos == "" {
		return nil
	}
	var has *vswitch.QoS
	if row.QOS != nil {
		has = d.qos[*row.QOS]
	}
	own := has != nil && has.Type == qosType && has.ExternalIDs[ovnQoS] == "true"
	switch {
	case d.isWayOut(id) && (row.QOS == nil || own && *row.QOS != d.known.qos || has != nil && has.Type == noopType):
		return []ovsdb.Operation{duty.Update(vswitch.PortTable, id, libovsdb.Row{"qos": duty.Ref(d.known.qos)})}
	case !d.isWayOut(id) && own:
		return []ovsdb.Operation{duty.Update(vswitch.PortTable, id, libovsdb.Row{"qos": duty.Refs()})}
	case d.isWayOut(id) && !own && !d.reported[id]:
		d.reported[id] = true
		d.logger.Warn("no queues: it has a QoS of its own", "port", row.Name)
	}
	return nil
}

// lookQueue: the QoS row has the queues that are asked for.
func (d *Duty) lookQueue(id int) []ovsdb.Operation {
	row := d.qos[d.known.qos]
	if row == nil {
		return nil
	}
	var want queue
	if d.known.needed {
		want = d.demand.get(id)
	}
	has := row.Queues[id]
	columns := libovsdb.Row{"other_config": duty.Map(want.config()), "external_ids": duty.Map(map[string]string{ovnPort: want.port})}
	switch queue := d.queues[has]; {
	case want.id == 0 && has == "":
		return nil
	case want.id == 0:
		return []ovsdb.Operation{
			d.mutate(libovsdb.MutateOperationDelete, libovsdb.OvsSet{GoSet: []any{id}}),
			duty.Delete(vswitch.QueueTable, has),
		}
	case has == "":
		name := duty.Name("queue", fmt.Sprint(id))
		pair := duty.Map(map[int]libovsdb.UUID{id: duty.Ref(name)})
		return []ovsdb.Operation{
			duty.Insert(vswitch.QueueTable, name, columns),
			d.mutate(libovsdb.MutateOperationInsert, pair),
			d.includes(pair),
		}
	case queue != nil && (!maps.Equal(queue.OtherConfig, want.config()) || queue.ExternalIDs[ovnPort] != want.port):
		return []ovsdb.Operation{duty.Update(vswitch.QueueTable, has, columns)}
	}
	return nil
}

func (d *Duty) mutate(how libovsdb.Mutator, value any) ovsdb.Operation {
	return duty.Mutate(vswitch.QoSTable, d.known.qos, *libovsdb.NewMutation("queues", how, value))
}

// includes lets the transaction fail unless the QoS row has a queue now: it would not if the row has gone, or has another of the same
// number. A Queue of no QoS would stay for ever.
func (d *Duty) includes(pair libovsdb.OvsMap) ovsdb.Operation {
	wait := duty.Unchanged(vswitch.QoSTable, d.known.qos, libovsdb.Row{"type": qosType})
	wait.Where = append(wait.Where, libovsdb.NewCondition("queues", libovsdb.ConditionIncludes, pair))
	return wait
}
