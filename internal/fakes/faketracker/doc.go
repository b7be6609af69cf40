// Package faketracker shows every fake tracker in the same words, for tests that
// go all the way from an event to a tracker and do not care which one it is:
// what it holds, what is asked of it by which requests, and how a connector to
// it is defined. What each type promises is said here once more and not read
// from the adapter, so that such a test notices an adapter that can do less.
package faketracker
