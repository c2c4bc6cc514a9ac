variable "nodes" {
  description = "All masters of the cluster by name, also those that are gone."
  type = map(object({
    host           = string
    port           = optional(number)
    user           = optional(string)
    host_key       = optional(string)
    kubelet_config = optional(string)
    manifest_dir   = optional(string)
    manifest       = optional(string)
    work_dir       = optional(string)
  }))
}

variable "ssh" {
  description = "How you log in to the masters. Empty where ssh and sudo work without. Secrets: ETCDRECOVERY_SSH_PASSWORD and so on, in the environment."
  type = object({
    user             = optional(string)
    private_key_file = optional(string)
    agent_identity   = optional(string)
    known_hosts_file = optional(string)
    bastion_host     = optional(string)
    bastion_user     = optional(string)
    become_method    = optional(string)
  })
  default = {}
}

variable "seed" {
  description = "The master to grow from. Left out, the survey chooses and the plan shows why."
  type        = string
  default     = null
}

variable "rejoin" {
  description = "The two other masters, in the order in which they come back."
  type        = list(string)
}

variable "lost_nodes" {
  description = "Masters that are gone for good: exactly those that do not answer."
  type        = list(string)
  default     = []
}

variable "recovery_id" {
  description = "Your name for this recovery."
  type        = string
}
