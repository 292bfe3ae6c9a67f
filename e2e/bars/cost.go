package main

import (
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
)

// cpu compares the CPU time of the host, its end of the transport included, with that of ovs-vswitchd in the same load.
func (b *bench) cpu() ([]bar.Figure, error) {
	var host, plugin, vswitchd []time.Duration
	err := b.onNode("cpu", 0, func(n *node) error {
		for range b.runs {
			l, err := n.loadOnce(Work{Flows: b.flows})
			if err != nil {
				return err
			}
			host, plugin, vswitchd = append(host, l.host), append(plugin, l.plugin), append(vswitchd, l.vswitchd)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	perFlow := func(of []time.Duration) time.Duration { return bar.Median(of) / time.Duration(b.flows) }
	bar.Note("cpu: a flow costs the host %v, the plugin %v, ovs-vswitchd %v", perFlow(host), perFlow(plugin), perFlow(vswitchd))
	return []bar.Figure{{Name: "cpu", Unit: "times ovs-vswitchd's", Value: bar.Ratio(bar.Median(host), bar.Median(vswitchd)), Limit: 0.5}}, nil
}

// memory is what a flow takes in the host, some time after the load.
func (b *bench) memory() (figures []bar.Figure, err error) {
	err = b.onNode("memory", 0, func(n *node) error {
		return n.withHost(func() error {
			empty, err := bar.Memory(n.Pid(hostName))
			if err != nil {
				return err
			}
			if _, err := n.loadNow(Work{Flows: b.flows}); err != nil {
				return err
			}
			loaded, err := bar.Memory(n.Pid(hostName))
			if err != nil {
				return err
			}
			time.Sleep(b.settle)
			later, err := bar.Memory(n.Pid(hostName))
			if err != nil {
				return err
			}
			bar.Note("memory: %d MB empty, %d MB after the load, %d MB %v later", empty>>20, loaded>>20, later>>20, b.settle)
			figures = []bar.Figure{{Name: "memory", Unit: "B per flow", Value: float64(later-empty) / float64(b.flows), Limit: 350}}
			return nil
		})
	})
	return figures, err
}
