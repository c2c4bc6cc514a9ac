//go:build linux

package labtest

// Containers is the output of `crictl ps -o json`.
type Containers struct {
	Containers []struct {
		ID           string `json:"id"`
		PodSandboxID string `json:"podSandboxId"`
		Metadata     struct {
			Name    string `json:"name"`
			Attempt int    `json:"attempt"`
		} `json:"metadata"`
		State     string            `json:"state"`
		CreatedAt string            `json:"createdAt"`
		Labels    map[string]string `json:"labels"`
	} `json:"containers"`
}

// Inspection is the output of `crictl inspect`.
type Inspection struct {
	Status struct {
		State    string `json:"state"`
		ExitCode int    `json:"exitCode"`
		LogPath  string `json:"logPath"`
	} `json:"status"`
	Info struct {
		PID         int `json:"pid"`
		RuntimeSpec struct {
			Process struct {
				Args []string `json:"args"`
			} `json:"process"`
		} `json:"runtimeSpec"`
	} `json:"info"`
}
