#!/bin/sh
# Installs the Debian packages that building, testing and the demo need and that are missing. It does nothing where nothing is
# missing. The system's own Open vSwitch and OVN stay as they are: nothing is started, restarted or enabled.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# What is needed: a program or file, and the package that brings it. cc and the C headers are for `go test -race`, Python and openssl
# for examples/python.
needs='
	ovsdb-server openvswitch-switch
	ovs-vswitchd openvswitch-switch
	ovs-vsctl openvswitch-switch
	ovs-ofctl openvswitch-switch
	ovs-appctl openvswitch-switch
	/usr/share/openvswitch/vswitch.ovsschema openvswitch-switch
	ovn-northd ovn-central
	ovn-nbctl ovn-central
	ovn-sbctl ovn-central
	/usr/share/ovn/ovn-sb.ovsschema ovn-central
	ovn-controller ovn-host
	ip iproute2
	ping iputils-ping
	ethtool ethtool
	faketime faketime
	iperf3 iperf3
	tcpdump tcpdump
	nsenter util-linux
	debootstrap debootstrap
	protoc protobuf-compiler
	/usr/bin/python3 python3
	/usr/lib/python3/dist-packages/grpc python3-grpcio
	/usr/lib/python3/dist-packages/google/protobuf python3-protobuf
	openssl openssl
	cc gcc
	/usr/include/stdlib.h libc6-dev
	git git
'

# missing prints the packages of what is not there.
missing() {
	echo "$needs" | while read -r what package; do
		case $what in
		'') continue ;;
		/*) [ -e "$what" ] ;;
		*) command -v "$what" >/dev/null ;;
		esac || echo "$package"
	done | sort -u | tr '\n' ' '
}

# Packages ask policy-rc.d before they start or restart a service (invoke-rc.d(8), deb-systemd-invoke(1p)): for the time of the
# installation it says no. One that the system has is put back afterwards, at the next call if this one is killed.
policy=/usr/sbin/policy-rc.d
saved=$policy.before-flowhost
mark='# flowhost: nothing starts during make deps'

allow_services() {
	if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
	if [ -e "$saved" ] || [ -L "$saved" ]; then mv -f "$saved" "$policy"; fi
}

forbid_services() {
	allow_services
	trap allow_services EXIT
	trap 'exit 1' HUP INT TERM
	if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$saved"; fi
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
}

# disable_services undoes what installing a package does besides starting its services: enabling them for the next boot.
disable_services() {
	for file in $(dpkg -L "$@"); do
		case $file in
		*/lib/systemd/system/*.service)
			if command -v systemctl >/dev/null; then systemctl --quiet disable "${file##*/}" 2>/dev/null || true; fi ;;
		/etc/init.d/*) update-rc.d "${file##*/}" disable ;;
		esac
	done
}

install_packages() {
	forbid_services
	apt-get update -qq || echo 'deps: apt-get update failed; trying with the lists that are there' >&2
	apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
}

packages=$(missing)
[ -n "$packages" ] || exit 0
if ! command -v apt-get >/dev/null; then
	echo "deps: this system has no apt-get; install what these Debian packages contain, then try again: $packages" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "deps: missing: $packages" >&2
	echo "deps: installing them needs root; run: sudo $0" >&2
	exit 1
fi
exec 9</usr/sbin
flock 9 # a second call waits for the first
packages=$(missing)
[ -n "$packages" ] || exit 0
echo "deps: installing $packages"
export DEBIAN_FRONTEND=noninteractive
services=
for package in $packages; do
	case $package in openvswitch-switch | ovn-*) services="$services $package" ;; esac
done
install_packages $packages
[ -z "$services" ] || disable_services $services
packages=$(missing)
if [ -n "$packages" ]; then
	echo "deps: installed, and still not there: what $packages should bring" >&2
	exit 1
fi
