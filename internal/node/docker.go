package node

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func parseDocker(out []byte) ([]Container, error) {
	var containers []Container
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 8 {
			return nil, fmt.Errorf("docker printed something unexpected: %q", line)
		}
		at, zone := f[2], strings.LastIndex(f[2], " ") // its zone is there as a number and by name
		if zone > 0 {
			at = at[:zone]
		}
		// To the second; docker itself lists the newest first.
		created, err := time.Parse("2006-01-02 15:04:05 -0700", at)
		if err != nil {
			return nil, fmt.Errorf("docker printed something unexpected: %w", err)
		}
		attempt, _ := strconv.Atoi(f[7])
		containers = append(containers, Container{
			ID:        f[0],
			PodID:     f[6],
			Running:   strings.HasPrefix(f[1], "Up"),
			Attempt:   attempt,
			Created:   created,
			Name:      f[3],
			Pod:       f[4],
			Namespace: f[5],
		})
	}
	return newestFirst(containers), nil
}

func dockerArguments(out []byte) ([]string, error) {
	var all []struct {
		Path string
		Args []string
	}
	if err := decode(out, docker, &all); err != nil || len(all) != 1 {
		return nil, err
	}
	return append([]string{all[0].Path}, all[0].Args...), nil
}
