// Package machine gives end-to-end tests machines to break: each with a network of its own kind, processes, and a /run folder of its
// own, joined by one private network that reaches nothing else.
//
// A [Network] has a kind. [Docker] machines are containers of an image that is made here, from Debian's packages, without a registry.
// [Local] machines are namespaces on this machine, where no Docker engine runs; they share its file system but for /run. What a
// test does on a machine are shell scripts ([Machine.Run]) and programs ([Machine.Command]), the same ones on both.
//
// What was started is stopped by the test's cleanup, and by the next test that starts anything if this process was killed.
package machine
