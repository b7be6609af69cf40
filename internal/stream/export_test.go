package stream

import "testing"

// Dead makes a worker of this name take the queue and die: nothing renews it.
// alive is whether that worker would still believe that it has the queue.
func (c *Conn) Dead(t *testing.T, queue, owner string) (alive func() bool) {
	t.Helper()
	o := &ownership{c: c, subject: c.names.queueSetting(queueToken(queue), ownerKey), owner: owner}
	taken, err := o.take(t.Context())
	if err != nil || !taken {
		t.Fatalf("take: %t, %v", taken, err)
	}
	return func() bool { return o.left() > 0 }
}
