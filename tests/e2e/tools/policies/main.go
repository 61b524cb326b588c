// Asks a real NetworkPolicy engine about every new connection of one node's pods.
//
// The kernel hands over the first packet of each connection where Calico looks at it: after the destination was
// translated, before the source is. As in Calico, a node judges the egress of its own pods and the ingress of its
// own pods, and nothing else. Every verdict is printed as a line of JSON before the packet goes on.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"

	"github.com/florianl/go-nfqueue/v2"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	"sigs.k8s.io/kube-network-policies/pkg/podinfo"
)

// A verdict of the engine about one packet at one point, as printed.
type verdict struct {
	Node        string `json:"node"`
	Direction   string `json:"direction"`
	Protocol    string `json:"protocol"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Port        int    `json:"port"`
	Admitted    bool   `json:"admitted"`
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	node := flag.String("node", "", "the name of the node this runs on")
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	queue := flag.Uint("queue", 0, "the number of the netfilter queue")
	state := flag.String("state", "", "the Unix socket that tells which objects the engine has seen")
	flag.Parse()
	ctx := context.Background()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	must(err)
	client, err := kubernetes.NewForConfig(config)
	must(err)
	factory := informers.NewSharedInformerFactory(client, 0)
	namespaces := factory.Core().V1().Namespaces()
	pods := factory.Core().V1().Pods()
	policies := factory.Networking().V1().NetworkPolicies()
	resolver, err := podinfo.NewInformerResolver(pods.Informer())
	must(err)
	known := podinfo.NewInformerProvider(pods, namespaces, nil, []podinfo.IPResolver{resolver})
	engine := networkpolicy.NewStandardNetworkPolicy(*node, namespaces, pods, policies)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	listener, err := net.Listen("unix", *state)
	must(err)
	go serve(listener, func() []string {
		var seen []string
		foundPods, err := pods.Lister().List(labels.Everything())
		must(err)
		for _, pod := range foundPods {
			seen = append(seen, "pod/"+pod.Namespace+"/"+pod.Name+"="+pod.ResourceVersion)
		}
		foundNamespaces, err := namespaces.Lister().List(labels.Everything())
		must(err)
		for _, namespace := range foundNamespaces {
			seen = append(seen, "namespace/"+namespace.Name+"="+namespace.ResourceVersion)
		}
		foundPolicies, err := policies.Lister().List(labels.Everything())
		must(err)
		for _, policy := range foundPolicies {
			seen = append(seen, "policy/"+policy.Namespace+"/"+policy.Name+"="+policy.ResourceVersion)
		}
		sort.Strings(seen)
		return seen
	})

	judge := judge{ctx: ctx, node: *node, known: known, engine: engine, out: json.NewEncoder(os.Stdout)}
	must(judge.run(uint16(*queue)))
}

// serve answers every connection with one line of JSON: the objects seen, each with its resource version.
func serve(listener net.Listener, seen func() []string) {
	for {
		connection, err := listener.Accept()
		must(err)
		must(json.NewEncoder(connection).Encode(seen()))
		connection.Close()
	}
}

type judge struct {
	ctx    context.Context
	node   string
	known  api.PodInfoProvider
	engine api.PolicyEvaluator
	out    *json.Encoder
}

// run takes packets from the queue, one at a time, for ever.
func (j judge) run(queue uint16) error {
	packets, err := nfqueue.Open(&nfqueue.Config{
		NfQueue: queue, MaxPacketLen: 256, MaxQueueLen: 4096, Copymode: nfqueue.NfQnlCopyPacket,
		Flags: nfqueue.NfQaCfgFlagGSO,
	})
	if err != nil {
		return err
	}
	defer packets.Close()
	decide := func(attribute nfqueue.Attribute) int {
		answer := nfqueue.NfDrop
		packet, err := network.ParsePacket(*attribute.Payload)
		if err == nil && j.admits(&packet) {
			answer = nfqueue.NfAccept
		}
		if err := packets.SetVerdict(*attribute.PacketID, answer); err != nil {
			fmt.Fprintln(os.Stderr, "verdict:", err)
		}
		return 0
	}
	complain := func(err error) int {
		fmt.Fprintln(os.Stderr, "queue:", err)
		return 0
	}
	if err := packets.RegisterWithErrorFunc(j.ctx, decide, complain); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "judging packets of queue "+strconv.Itoa(int(queue)))
	<-j.ctx.Done()
	return nil
}

// admits asks about the egress of a pod of this node and the ingress of a pod of this node.
func (j judge) admits(packet *network.Packet) bool {
	source, _ := j.known.GetPodInfoByIP(packet.SrcIP.String())
	target, _ := j.known.GetPodInfoByIP(packet.DstIP.String())
	if source != nil && source.Node.Name == j.node {
		answer, err := j.engine.EvaluateEgress(j.ctx, packet, source, target)
		if !j.print("egress", packet, err == nil && answer != api.VerdictDeny) {
			return false
		}
	}
	if target != nil && target.Node.Name == j.node {
		answer, err := j.engine.EvaluateIngress(j.ctx, packet, source, target)
		if !j.print("ingress", packet, err == nil && answer != api.VerdictDeny) {
			return false
		}
	}
	return true
}

func (j judge) print(direction string, packet *network.Packet, admitted bool) bool {
	must(j.out.Encode(verdict{
		j.node, direction, string(packet.Proto), packet.SrcIP.String(), packet.DstIP.String(), packet.DstPort, admitted,
	}))
	return admitted
}
