// Package imports draws the deliveries: the list of them, one with what came
// of it, and the steps of the wizard that takes a file in. It shows what it is
// given and asks nothing.
package imports
