// Package proc has what the lab does with processes of this machine: it starts them so that they die with the lab,
// finds those that a node's SSH sessions have started, kills them, and holds still what a frozen node does in this one.
// It knows processes by their numbers and marks. Containers are the business of the package kubelet, whole Debian
// systems that of the package machine.
package proc
