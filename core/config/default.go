package config

import _ "embed" // for Default

// Default is a configuration file with every key, its built-in value, and what it is for.
//
//go:embed default.yaml
var Default string
