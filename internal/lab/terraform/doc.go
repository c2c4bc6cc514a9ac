// Package terraform runs Terraform or OpenTofu on a lab, with the provider of this tree: without a registry, a network,
// or anything of the user's own configuration.
package terraform
