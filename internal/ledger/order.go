package ledger

import "time"

// Position is a place in one incarnation of the event stream. Sequences of
// different incarnations cannot be compared: a stream that was made anew
// counts from 1 again.
type Position struct {
	Stream string `json:"s,omitempty"`
	Seq    uint64 `json:"n,omitempty"`
}

// Covers reports whether p is at or beyond q in the same stream.
func (p Position) Covers(q Position) bool { return p.Stream == q.Stream && p.Seq >= q.Seq }

// Later returns the later of two positions; of different streams, q.
func (p Position) Later(q Position) Position {
	if p.Covers(q) {
		return p
	}
	return q
}

// IsZero reports whether p is no position.
func (p Position) IsZero() bool { return p.Seq == 0 }

// CaseState orders states of one case.
type CaseState struct {
	At    time.Time `json:"at,omitzero"` // updated_at, else created_at
	SeqNo int64     `json:"sn,omitempty"`
	Term  int64     `json:"t,omitempty"`
	Seq   uint64    `json:"n,omitempty"` // of the event that carried it
}

// IsZero reports whether no state is known.
func (s CaseState) IsZero() bool { return s.At.IsZero() && s.SeqNo == 0 && s.Seq == 0 }

// Before reports whether s is older than t: by time, then version, then sequence.
// States without a time are ordered by sequence alone.
func (s CaseState) Before(t CaseState) bool {
	if s.At.IsZero() || t.At.IsZero() {
		return s.Seq < t.Seq
	}
	if !s.At.Equal(t.At) {
		return s.At.Before(t.At)
	}
	if s.Term != 0 && t.Term != 0 && (s.Term != t.Term || s.SeqNo != t.SeqNo) {
		return s.Term < t.Term || (s.Term == t.Term && s.SeqNo < t.SeqNo)
	}
	return s.Seq < t.Seq
}
