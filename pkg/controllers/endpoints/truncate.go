package endpoints

// capacity is how many addresses Endpoints have at most.
const capacity = 1000

// truncate removes addresses beyond the capacity, and reports whether there were any.
// Addresses that are not ready go first. Each subset keeps its share.
func truncate(all []subset) (kept []subset, truncated bool) {
	ready, notReady := 0, 0
	for _, s := range all {
		ready += len(s.Addresses)
		notReady += len(s.NotReadyAddresses)
	}
	if ready+notReady <= capacity {
		return all, false
	}
	readyShare := shares{min(ready, capacity), ready}
	notReadyShare := shares{capacity - readyShare.places, notReady}
	for _, s := range all {
		s.Addresses = s.Addresses[:readyShare.take(len(s.Addresses))]
		s.NotReadyAddresses = s.NotReadyAddresses[:notReadyShare.take(len(s.NotReadyAddresses))]
		if len(s.Addresses)+len(s.NotReadyAddresses) > 0 {
			kept = append(kept, s)
		}
	}
	return kept, true
}

// shares distributes places over a number of candidates, which come in groups.
type shares struct{ places, candidates int }

// take returns how many places the next group gets. All places are taken in the end.
func (s *shares) take(group int) int {
	if group == 0 {
		return 0
	}
	n := s.places * group / s.candidates
	s.places -= n
	s.candidates -= group
	return n
}
