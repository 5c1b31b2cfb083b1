"""Judges the histories of a chaos run. Shares nothing with the library but the meaning of its
promises.

usage: judge.py FOLDER

The lines of the histories are explained in worker.cpp, fleet.hpp and resource.hpp. All times are
nanoseconds of one clock.

A hold is *certain* from the return of `lock` until a moment up to which the holder's library has
vouched for it: the release, if that said the hold had not been lost; else the latest T + REMAINING
that it told, cut short by a release, by the kill of its process, or, if it was lost for another
reason than its lease, by the last look that found it valid. So what a stopped process believes
counts, and what cannot be known counts for neither side.

MUTEX     two holds of a name are never certain at the same time; a write is not refused while its
          hold is valid
FENCE     tokens are never given twice, and rise with the order of certain holds and of calls that
          followed each other
GATE      the resource never let an older token in after a newer one
LEASE     no hold is lost with its lease before the time that `remaining` had named
MINORITY  who is cut off from a quorum of seats for longer than a lease holds nothing
NO-LOSS   no hold is lost while its process and its ways to a quorum of seats are healthy, and have
          been for 3 leases
LIVE      waits end in time; after the kill of one process alone names are granted again in 3 leases
          and 1 s; once faults have ended, every process is granted locks and every request is
          answered
SOUND     no process ends by itself, hangs when told to leave, stops with an error, or meets
          conflicting reports (HOLD-4)
SIZE      no process knows more peers than there ever were, nor grows beyond what that and its
          streams account for, from a sixth of the run to its end
"""

import bisect
import collections
import os
import sys

MS = 1_000_000
S = 1_000_000_000
FOREVER = 1 << 62

# What may be added to a process. An allocator does not give back all that was freed: each of some
# ten threads has an arena of its own, of which a few hundred KiB may stay. An owner remembers 4096
# ends of holds (FATE), about 1 MiB with these short names. A leak of 1 KiB for each lock that a
# process is granted passes that within minutes.
SPARE_KIB = 8 * 1024
# For each PeerId that is new to it: an entry of the roster with its name, a former member of the
# view, what was received of that sender, the time at which its lease is void. The dead stay for a
# day.
KIB_PER_PEER = 4
# Beside the streams, two to each other place while one takes the place of the other: descriptors of
# at most eight processes of the same machine (CERT-3).
SPARE_DESCRIPTORS = 8


class Hold:
    def __init__(self, process, number, name, requested, wait):
        self.process, self.number, self.name, self.requested, self.wait = (
            process,
            number,
            name,
            requested,
            wait,
        )
        self.granted = self.failed = self.token = self.owner = None
        self.valid = []  # (time, remaining) of looks that found it valid
        self.refused_valid = None
        self.release = self.released = self.released_at = self.lost = self.why = None

    def __str__(self):
        return f"{self.name} token {self.token} of {self.process.name} (request {self.number})"

    def certain(self):
        """(from, until), or None."""
        if not self.valid:
            return None
        if self.released == "ok":
            until = self.release
        elif self.why in (None, "lease_lost"):
            until = max(at + remaining for at, remaining in self.valid)
        else:
            until = self.valid[-1][0]
        if self.release is not None:
            until = min(until, self.release)
        until = min(until, self.process.ended)
        return (self.granted, until) if until > self.granted else None

    def end_seen(self):
        """When its process had learned that it was lost, or None: not before that, maybe a little
        later.
        """
        seen = [self.lost] if self.lost is not None else []
        if self.released not in (None, "ok"):
            seen.append(self.released_at)
        return min(seen) if seen else None


class Process:
    def __init__(self, name):
        self.name = name
        self.place = int(name.split(".")[0])
        self.ended = FOREVER  # when it was killed, or the run ended
        self.requests = {}
        self.peers = []  # (time, PeerId)
        self.views = []  # (time, [PeerId of each seat])
        self.rosters = []  # (time, how many peers it knew from then on)
        self.errors = []

    def roster(self, at):
        known = [count for told, count in self.rosters if told <= at]
        return known[-1] if known else 0


class Size:
    """Of one process: `when` is early or last."""

    def __init__(self, words):
        self.at, self.place, self.name, self.when = int(words[1]), int(words[2]), words[3], words[4]
        self.kib, self.descriptors, self.age = int(words[5]), int(words[6]), int(words[7]) * MS


def lines(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    # A process that is killed in the midst of a write leaves a piece of a line.
    for line in text[: text.rfind("\n") + 1].splitlines():
        yield line.split(" ")


def read_process(path):
    p = Process(os.path.basename(path).removesuffix(".history"))
    for w in lines(path):
        kind, at = w[0], int(w[1])
        if kind == "request":
            p.requests[w[2]] = Hold(p, w[2], w[3], at, int(w[4]))
            continue
        if kind == "peer":
            p.peers.append((at, w[2]))
        elif kind == "view":
            p.views.append((at, w[3].split(",")))
        elif kind == "stopped":
            if w[2] != "shutting_down":
                p.errors.append(" ".join(w[2:]))
        elif kind == "roster":
            p.rosters.append((at, int(w[2])))
        elif kind == "conflicts":
            p.errors.append(f"{w[2]} conflicts reported (HOLD-4)")
        elif kind not in ("start", "end"):
            read_of_hold(p.requests[w[2]], kind, at, w[3:])
    return p


def read_of_hold(h, kind, at, rest):
    if kind == "granted":
        h.granted, h.token, h.owner = at, int(rest[0]), rest[2]
        look(h, at, int(rest[1]))
    elif kind == "failed":
        h.failed, h.why_failed = at, rest[0]
    elif kind == "check":
        look(h, at, int(rest[0]))
    elif kind == "write":
        look(h, at, int(rest[1]))
        if rest[0] == "refused" and int(rest[1]) > 0:
            h.refused_valid = at
    elif kind == "release":
        h.release = at
    elif kind == "released":
        h.released, h.released_at = rest[0], at
        if rest[0] != "ok":
            h.why = h.why or rest[0]
    elif kind == "lost":
        h.lost, h.why = at, rest[0]
    else:
        raise ValueError(f"unknown line: {kind}")


def look(h, at, remaining):
    if remaining > 0:
        h.valid.append((at, remaining))


class Run:
    def __init__(self, folder):
        self.harness = list(lines(os.path.join(folder, "harness.history")))
        config = next(w for w in self.harness if w[0] == "config")
        self.places, self.seats = int(config[1]), int(config[2])
        self.lease, self.seed = int(config[3]) * MS, config[4]
        self.quorum = self.seats // 2 + 1
        self.end = next((int(w[1]) for w in self.harness if w[0] == "end"), None)
        if self.end is None:
            sys.exit("the history of the harness has no end")
        self.harness = [
            w for w in self.harness if w[0] in ("config", "packets") or int(w[1]) <= self.end
        ]
        self.calm = next((int(w[1]) for w in self.harness if w[0] == "calm"), self.end)
        self.processes = [
            read_process(os.path.join(folder, f))
            for f in sorted(os.listdir(folder))
            if f.endswith(".history") and f[0].isdigit()
        ]
        self.writes = list(lines(os.path.join(folder, "resource.history")))
        self.by_name = {p.name: p for p in self.processes}
        self.sizes = collections.defaultdict(dict)  # by place, then early or last
        for size in (Size(w) for w in self.harness if w[0] == "size"):
            self.sizes[size.place][size.when] = size
        self.drawn = {}  # when each PeerId was first told
        for p in self.processes:
            for at, peer in p.peers:
                self.drawn[peer] = min(at, self.drawn.get(peer, at))
        self.note_ends()
        self.requests = [h for p in self.processes for h in p.requests.values()]
        self.holds = sorted(
            (h for h in self.requests if h.granted is not None), key=lambda h: h.granted
        )
        self.names = collections.defaultdict(list)
        for h in self.holds:
            self.names[h.name].append(h)

    def peers_until(self, at):
        return sum(drawn <= at for drawn in self.drawn.values())

    def note_ends(self):
        running = {}
        for w in self.harness:
            if w[0] == "start":
                running[w[2]] = w[4]
            elif w[0] in ("kill", "gone") and w[2] in running:
                p = self.by_name.get(running[w[2]])
                if p:
                    p.ended = min(p.ended, int(w[1]))
        for p in self.processes:
            p.ended = min(p.ended, self.end)


class Spans:
    """Times in which something was so."""

    def __init__(self):
        self.all, self.since = [], None

    def set(self, at, is_so):
        if is_so and self.since is None:
            self.since = at
        elif not is_so and self.since is not None:
            self.all.append((self.since, at))
            self.since = None

    def meets(self, start, end):
        """All that share a moment with it; the spans are in order."""
        first = bisect.bisect_left(self.all, (start, -1))
        if first > 0 and self.all[first - 1][1] >= start:
            first -= 1
        found = []
        while first < len(self.all) and self.all[first][0] <= end:
            found.append(self.all[first])
            first += 1
        return found


class Weather:
    """What the faults left of the cluster at every moment, by the harness's history."""

    def __init__(self, run):
        self.run = run
        self.unhealthy = [Spans() for _ in range(run.places)]
        self.halted = [Spans() for _ in range(run.places)]  # the process cannot run as it should
        self.impaired = {
            (i, j): Spans() for j in range(run.places) for i in range(j)
        }  # the link between two places, either way
        self.rough = [Spans() for _ in range(run.places)]  # links to it that are not merely cut
        self.slow = [Spans() for _ in range(run.places)]  # its disk
        self.kills = [
            [int(w[1]) for w in run.harness if w[0] == "kill" and int(w[2]) == i]
            for i in range(run.places)
        ]
        self.stalls = Spans()
        self.look_back()

    def look_back(self):
        run = self.run
        n = range(run.places)
        up, gone = [False] * run.places, [True] * run.places
        stopped, starved = [False] * run.places, [False] * run.places
        slow = [False] * run.places
        links = [["clean"] * run.places for _ in n]
        peer, seats = [None] * run.places, [None] * run.places
        changes = []
        for w in run.harness:
            if w[0] in ("stop", "link"):
                changes.append((int(w[2]), w))  # certain after the change
            elif w[0] == "stall":
                self.stalls.all.append((int(w[1]), int(w[2])))
            elif w[0] in ("start", "kill", "gone", "cont", "starve", "feed", "slow", "quick"):
                changes.append((int(w[1]), w))
        for p in run.processes:
            changes += [(at, ["peer", p.place, x]) for at, x in p.peers] + [
                (at, ["view", p.place, x]) for at, x in p.views
            ]
        changes.sort(key=lambda c: c[0])

        def runs(i):
            return up[i] and not stopped[i] and not starved[i]

        def joined(i, s, by):
            return i == s or (by(links[i][s]) and by(links[s][i]))

        for at, w in changes:
            kind = w[0]
            if kind == "start":
                up[int(w[2])], gone[int(w[2])] = True, False
            elif kind == "kill":
                up[int(w[2])] = False
            elif kind == "gone":
                i = int(w[2])
                up[i], gone[i], stopped[i], peer[i], seats[i] = False, True, False, None, None
            elif kind == "stop":
                stopped[int(w[3])] = True
            elif kind == "cont":
                stopped[int(w[3])] = False
            elif kind in ("starve", "feed"):
                starved[int(w[2])] = kind == "starve"
            elif kind in ("slow", "quick"):
                slow[int(w[2])] = kind == "slow"
            elif kind == "link":
                links[int(w[3])][int(w[4])] = w[5]
            elif kind == "peer":
                if peer[w[1]] not in (None, w[2]):
                    seats[w[1]] = None
                peer[w[1]] = w[2]
            elif kind == "view":
                seats[w[1]] = w[2]
            for i in n:
                good = sum(
                    1
                    for s in range(run.seats)
                    if seats[i]
                    and seats[i][s] == peer[s]
                    and runs(s)
                    and not slow[s]  # it may have to wait before it accepts or acks (DISK-1)
                    and joined(i, s, lambda x: x == "clean")
                )
                self.unhealthy[i].set(at, not runs(i) or good < run.quorum)
                self.halted[i].set(at, not runs(i))
                self.slow[i].set(at, slow[i])
                self.rough[i].set(at, any("rough" in (links[i][j], links[j][i]) for j in n))
            for (i, j), spans in self.impaired.items():
                spans.set(at, links[i][j] != "clean" or links[j][i] != "clean")
        for spans in (
            *self.unhealthy,
            *self.halted,
            *self.slow,
            *self.rough,
            *self.impaired.values(),
        ):
            spans.set(run.end, False)

    def alone(self, place, start, end):
        """Whether nothing else was wrong in that time than what was wrong with that place."""
        if self.stalls.meets(start, end):
            return False
        # One that comes back and is gone again owns slots each time, whose locks wait for its lease
        # each time; and so does one that comes back behind a firewall.
        if sum(start <= at <= end for at in self.kills[place]) > 1:
            return False
        if self.rough[place].meets(start, end):
            return False
        # What a fail-over decides waits for no disk that is well.
        if any(spans.meets(start, end) for spans in self.slow):
            return False
        # A power cut impairs the links to the place; another fault of those days may impair them
        # too, but not them alone.
        others = [i for i in range(self.run.places) if i != place]
        if any(self.halted[i].meets(start, end) for i in others):
            return False
        if any(self.impaired[i, j].meets(start, end) for j in others for i in others if i < j):
            return False
        return True


class Acks:
    """When at the latest each place sent a quorum of seats what they may have answered. A lease
    counts from there.

    A seat that is stopped hears what was sent to it when it goes on; the way back is then open or
    not, whatever the way there is like by that time. Each seat counts by itself: one may have been
    reached at one moment, another at the next.
    """

    def __init__(self, run):
        self.run = run
        seats, places = range(run.seats), range(run.places)
        # For each place and seat, in order: (from when on, asked when), None: whenever it is looked
        # at.
        self.asked = {(i, s): [(0, None if i == s else -1)] for i in places for s in seats}
        gone, stopped = [True] * run.places, [False] * run.places
        links = [["clean"] * run.places for _ in places]
        heard = {
            (i, s): -1 for i in places for s in seats
        }  # sent when, at the latest, to the process that is there
        for at, kind, what in self.changes():
            for i in places:
                for s in seats:
                    if i != s and not gone[s] and links[i][s] != "cut":
                        heard[i, s] = at
            if kind == "link":
                links[what[0]][what[1]] = what[2]
            elif kind == "stop":
                stopped[what] = True
            elif kind == "cont":
                stopped[what] = False
            elif kind == "start":
                gone[what] = False
            else:
                gone[what], stopped[what] = True, False
                for i in places if what in seats else ():
                    heard[i, what] = -1
            for i in places:
                for s in seats:
                    if i == s:
                        continue
                    is_answered = not gone[s] and not stopped[s] and links[s][i] != "cut"
                    spans = self.asked[i, s]
                    if not is_answered:
                        value = spans[-1][1] if spans[-1][1] is not None else at
                    elif links[i][s] != "cut":
                        value = None
                    else:
                        value = max(heard[i, s], spans[-1][1] if spans[-1][1] is not None else at)
                    if value != spans[-1][1]:
                        spans.append((at, value))

    def changes(self):
        """Ways close when that is certain, and open as soon as they may be open."""
        found = []
        for w in self.run.harness:
            kind = w[0]
            if kind == "link":
                found.append(
                    (int(w[2] if w[5] == "cut" else w[1]), kind, (int(w[3]), int(w[4]), w[5]))
                )
            elif kind in ("stop", "cont"):
                found.append((int(w[2] if kind == "stop" else w[1]), kind, int(w[3])))
            elif kind in ("start", "gone"):
                found.append((int(w[1]), kind, int(w[2])))
        return sorted(found, key=lambda c: c[0])

    def latest(self, place, at):
        times = []
        for s in range(self.run.seats):
            spans = self.asked[place, s]
            value = spans[bisect.bisect_right(spans, at, key=lambda span: span[0]) - 1][1]
            times.append(at if value is None else value)
        return sorted(times)[-self.run.quorum]


def check_mutex(run, bad):
    for name, holds in run.names.items():
        last = None
        for h in holds:
            span = h.certain()
            if span is None:
                continue
            if last and span[0] < last[0]:
                bad(
                    "MUTEX",
                    f"{h} is certain from {span[0]} on, {last[1]} until {last[0]}: "
                    f"{(last[0] - span[0]) / MS:.3f} ms too long",
                )
            if last is None or span[1] > last[0]:
                last = (span[1], h)
        for h in holds:
            if h.refused_valid is not None:
                bad(
                    "MUTEX",
                    f"a write with {h} was refused at {h.refused_valid} although it was valid "
                    "after that",
                )


def check_fence(run, bad):
    for name, holds in run.names.items():
        seen = {}
        for h in holds:
            if h.token in seen:
                bad("FENCE", f"the token of {h} is also that of {seen[h.token]}")
            seen[h.token] = h
        highest = None
        for h in (h for h in holds if h.certain()):
            if highest and h.token < highest.token:
                bad("FENCE", f"{h} follows {highest}")
            highest = h if highest is None or h.token > highest.token else highest
        # A call that began after another had returned is later, whatever became of the holds.
        by_request = sorted(holds, key=lambda h: h.requested)
        returned, highest = 0, None
        for h in by_request:
            while returned < len(holds) and holds[returned].granted < h.requested:
                if highest is None or holds[returned].token > highest.token:
                    highest = holds[returned]
                returned += 1
            if highest and h.token < highest.token:
                bad("FENCE", f"{h} was asked for after {highest} was granted")


def check_gate(run, bad):
    highest = {}
    for kind, at, name, token, who, number in run.writes:
        if kind == "accepted":
            if int(token) < highest.get(name, 0):
                bad(
                    "GATE",
                    f"at {at} a write of {who} (request {number}) to {name} with token {token} was "
                    f"let in after {highest[name]}",
                )
            highest[name] = max(highest.get(name, 0), int(token))


def check_lease(run, bad):
    for h in run.holds:
        if h.why == "lease_lost" and h.valid:
            vouched = max(at + remaining for at, remaining in h.valid)
            seen = h.end_seen()
            if seen is not None and seen < vouched:
                bad(
                    "LEASE",
                    f"{h} was lost at {seen}, {(vouched - seen) / MS:.3f} ms before the time that "
                    "it was good for",
                )


def check_minority(run, acks, bad):
    for h in run.holds:
        for at, remaining in h.valid:
            asked = acks.latest(h.process.place, at)
            if at + remaining > asked + run.lease:
                bad(
                    "MINORITY",
                    f"{h} was good until {at + remaining} at {at}, but what it sent to a quorum of "
                    f"seats after {asked} no process answered",
                )
                break


def check_no_loss(run, weather, bad):
    lost = collections.Counter()
    for h in run.holds:
        seen = h.end_seen()
        if seen is None or h.process.ended <= seen:
            continue
        why = h.why or "unknown"
        if why == "shutting_down":
            continue
        lost[why] += 1
        if why in ("broken", "internal_error"):
            bad("NO-LOSS", f"{h} was lost: {why}")
        elif not (
            weather.unhealthy[h.process.place].meets(seen - 3 * run.lease, seen)
            or weather.stalls.meets(seen - 3 * run.lease, seen)
        ):
            bad(
                "NO-LOSS",
                f"{h} was lost at {seen} ({why}), its process and a quorum of seats being healthy",
            )
    return lost


def check_waits(run, weather, bad):
    for h in run.requests:
        answered = h.granted if h.granted is not None else h.failed
        until = min(answered if answered is not None else FOREVER, h.process.ended)
        if h.wait >= 0:
            # A try may take about a lease while its name changes owners.
            latest = h.requested + max(h.wait * MS, run.lease) + 3 * S // 2
            halted = weather.halted[h.process.place].meets(
                h.requested, until
            ) or weather.stalls.meets(h.requested, until)
            if until > latest and not halted:
                bad(
                    "LIVE",
                    f"request {h.number} of {h.process.name} for {h.name} waited "
                    f"{(until - h.requested) / S:.1f} s, not {h.wait / 1000} s",
                )


def check_last_calm(run, weather, bad):
    patience = 10 * run.lease + 2 * S
    if run.end - run.calm < patience:
        bad("LIVE", f"the last calm was too short to tell: {(run.end - run.calm) / S:.1f} s")
        return
    served = {
        h.process.place
        for h in run.holds
        if h.granted > run.calm and h.valid and h.name.startswith("n")
    }
    for i in set(range(run.places)) - served:
        bad("LIVE", f"place {i} was granted nothing after the last fault")
    for h in run.requests:
        if (
            h.granted is None
            and h.failed is None
            and h.process.ended >= run.end
            and max(h.requested, run.calm) + patience < run.end
        ):
            bad("LIVE", f"request {h.number} of {h.process.name} for {h.name} was never answered")


def check_sound(run, bad):
    for w in run.harness:
        if w[0] == "gone" and w[4] == "unexpected":
            bad("SOUND", f"the process at place {w[2]} ended by itself at {w[1]} with {w[3]}")
        elif w[0] == "hung":
            bad("SOUND", f"the process at place {w[2]} did not leave")
    for p in run.processes:
        for e in p.errors:
            bad("SOUND", f"{p.name}: {e}")


def check_sizes(run, bad):
    for place, sizes in sorted(run.sizes.items()):
        last, early = sizes.get("last"), sizes.get("early")
        if last is None:
            continue
        # A process that is killed as it draws a PeerId may have no time to tell.
        most = run.peers_until(last.at) + run.places + sum(not p.peers for p in run.processes)
        known = run.by_name[last.name].roster(last.at)
        if known > most:
            bad("SIZE", f"{last.name} knows {known} peers, of {most} that there ever were")
        if early is None:
            continue
        new_peers = run.peers_until(last.at) - run.peers_until(early.at)
        allowed = SPARE_KIB + KIB_PER_PEER * new_peers
        if last.kib - early.kib > allowed:
            bad(
                "SIZE",
                f"place {place} grew from {early.kib} KiB ({early.name}) to {last.kib} KiB "
                f"({last.name}), by more than {allowed} KiB",
            )
        allowed = 2 * run.places + SPARE_DESCRIPTORS
        if last.descriptors - early.descriptors > allowed:
            bad(
                "SIZE",
                f"place {place} had {early.descriptors} descriptors ({early.name}) and then "
                f"{last.descriptors} ({last.name}), more than {allowed} more",
            )


def fail_overs(run, weather, bad):
    """Times from the kill of a holder, and of an owner, to the next grant of the name; and of those
    kills that came alone.
    """
    found = {"holder": [], "owner": []}
    alone = {"holder": [], "owner": []}
    running = {}
    for w in run.harness:
        if w[0] == "start":
            running[w[2]] = w[4]
        if w[0] != "kill":
            continue
        at, victim = int(w[1]), running[w[2]]
        for name, holds in run.names.items():
            after = bisect.bisect_right(holds, at, key=lambda h: h.granted)
            if after in (0, len(holds)):
                continue
            before, following = holds[after - 1], holds[after]
            if before.process.name == victim and before.release is None:
                role, free = "holder", at
            elif before.owner == victim:
                role, free = "owner", (before.certain() or (at, at))[1]
            else:
                continue
            # No process could be served before one asked, or while another had it.
            start = max(at, free, following.requested)
            took = following.granted - start
            if took < 0:
                continue
            found[role].append(took)
            if weather.alone(int(w[2]), at - 3 * run.lease, following.granted):
                alone[role].append(took)
                if took > 3 * run.lease + S:
                    bad(
                        "LIVE",
                        f"{name} was granted {took / S:.2f} s after the kill of {victim}, its "
                        f"{role}, at {at}, which came alone",
                    )
    return found, alone


def share(values, of):
    return sorted(values)[min(len(values) - 1, int(len(values) * of))] / S


def times(values):
    return (
        f"median {share(values, 0.5):.2f} s, 99th percentile {share(values, 0.99):.2f} s, longest "
        f"{max(values) / S:.2f} s, of {len(values)}"
        if values
        else "none"
    )


def outlived(run):
    """Long holds that were there, in health, a lease after the process that owned their name was
    killed.
    """
    kills, running, count = collections.defaultdict(list), {}, 0
    for w in run.harness:
        if w[0] == "start":
            running[w[2]] = w[4]
        elif w[0] == "kill":
            kills[running[w[2]]].append(int(w[1]))
    for h in run.holds:
        span = h.certain()
        if span and h.owner != h.process.name:
            count += any(span[0] < at and span[1] > at + run.lease for at in kills[h.owner])
    return count


def size_text(run, size):
    return (
        f"{size.when} {size.kib / 1024:.1f} MiB, {size.descriptors} descriptors, "
        f"{run.by_name[size.name].roster(size.at)} peers known "
        f"({size.name}, {size.age / S:.0f} s old)"
    )


def report(run, weather, lost, found, alone):
    faults = collections.Counter(w[2] for w in run.harness if w[0] == "fault")
    packets = next((w[1:] for w in run.harness if w[0] == "packets"), ["0"] * 8)
    stalls = sum(end - start for start, end in weather.stalls.all)
    healthy = run.places * run.end - sum(e - s for spans in weather.unhealthy for s, e in spans.all)
    first = min(int(w[1]) for w in run.harness if w[0] == "start")
    healthy -= run.places * first
    refused = [w for w in run.writes if w[0] == "refused"]
    print(
        f"seed              {run.seed}, {run.places} processes, {run.seats} seats, lease "
        f"{run.lease / S} s, {(run.end - first) / S:.0f} s"
    )
    print(
        f"faults            {sum(faults.values())}: "
        + ", ".join(f"{k} {v}" for k, v in sorted(faults.items()))
    )
    print(
        "packets           carried {}, cut {}, lost {}, doubled {}, held back {}, "
        "jittered {}, dropped by firewalls {}, sent again by a stranger {}".format(*packets)
    )
    print(
        f"processes         {len(run.processes)} started; machine stalls "
        f"{len(weather.stalls.all)}, {stalls / S:.1f} s in all"
    )
    print(
        f"requests          {len(run.requests)}; grants {len(run.holds)}; failed "
        f"{sum(1 for h in run.requests if h.failed)}"
    )
    print(
        f"holds lost        " + (", ".join(f"{k} {v}" for k, v in sorted(lost.items())) or "none")
    )
    print(
        f"in health         {healthy / S:.0f} process-seconds; {outlived(run)} holds outlived "
        "their owner by a lease"
    )
    print(f"writes            {len(run.writes)}; refused late writes {len(refused)}")
    for role in ("holder", "owner"):
        print(f"{role} killed".ljust(17), "next grant", times(found[role]))
        print(f"  alone".ljust(17), "next grant", times(alone[role]))
    for place, sizes in sorted(run.sizes.items()):
        print(
            f"size of place {place}".ljust(17), "; ".join(size_text(run, s) for s in sizes.values())
        )


def judge(folder):
    run = Run(folder)
    weather = Weather(run)
    violations = []

    def bad(promise, text):
        violations.append((promise, text))

    check_mutex(run, bad)
    check_fence(run, bad)
    check_gate(run, bad)
    check_lease(run, bad)
    check_minority(run, Acks(run), bad)
    lost = check_no_loss(run, weather, bad)
    check_waits(run, weather, bad)
    check_last_calm(run, weather, bad)
    check_sound(run, bad)
    check_sizes(run, bad)
    found, alone = fail_overs(run, weather, bad)
    report(run, weather, lost, found, alone)
    return violations


def main():
    violations = judge(sys.argv[1])
    counts = collections.Counter()
    for promise, text in violations:
        counts[promise] += 1
        if counts[promise] <= 20:
            print(f"{promise} broken: {text}")
    print(f"violations        {len(violations)}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
