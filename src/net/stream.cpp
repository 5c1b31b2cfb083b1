#include "net/stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/assert.hpp"

namespace holdfast::net {
namespace {

// The hello: magic, version, whether we seal, 2 spare bytes, cluster, PeerId, 32 random bytes.
// Never sealed.
constexpr std::uint8_t magic[4] = {'H', 'F', 's', 't'};
constexpr std::uint8_t version = 2;
constexpr std::size_t hello_size = 64;
// A frame: 4 bytes of length, most significant first, then so many bytes. With the top bit set it
// is a refusal.
constexpr std::size_t length_size = 4;
constexpr std::uint32_t refused = 0x80000000U;
// The proof: how many datagrams its sender has sent, least significant byte first.
constexpr std::size_t proof_size = 8;

// bytes of messages for an end that is not proven
constexpr std::size_t most_kept = 1 << 20;
constexpr std::size_t cost_of_keeping = 64;    // of each, beside its bytes
constexpr std::size_t room_to_keep = 1 << 20;  // of a buffer that is empty again
// The first message since which a mark counts makes all of it that old.
constexpr auto in_one_mark = std::chrono::milliseconds{5};
constexpr std::size_t most_marks = 256;

void put_length(std::uint8_t* at, std::uint32_t length) {
    for (int i = 0; i < 4; ++i) {
        at[i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
    }
}

std::uint32_t length_at(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           at[3];
}

std::span<const std::uint8_t> text(const char* s) {
    return {reinterpret_cast<const std::uint8_t*>(s), std::strlen(s)};
}

}  // namespace

stream::stream(const stream_identity& mine, os::unique_fd fd, const endpoint& at, bool is_dialled,
               base::time_point now)
    : mine_{mine},
      fd_{std::move(fd)},
      at_{at},
      is_dialled_{is_dialled},
      is_connecting_{is_dialled},
      began_{now} {
    fill_random(nonce_);
    if (!is_dialled_) {
        greet();
    }
}

bool stream::connected() {
    HOLDFAST_ASSERT(is_connecting_);
    int code = 0;
    socklen_t length = sizeof code;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &length) != 0 || code != 0) {
        return false;
    }
    is_connecting_ = false;
    greet();
    return true;
}

void stream::greet() {
    out_.insert(out_.end(), std::begin(magic), std::end(magic));
    out_.insert(out_.end(), {version, static_cast<std::uint8_t>(mine_.key.empty() ? 0 : 1), 0, 0});
    out_.insert(out_.end(), mine_.cluster.begin(), mine_.cluster.end());
    const auto self = bytes_of(mine_.self);
    out_.insert(out_.end(), self.begin(), self.end());
    out_.insert(out_.end(), nonce_.begin(), nonce_.end());
}

bool stream::on_hello(std::span<const std::uint8_t> hello) {
    if (std::memcmp(hello.data(), magic, sizeof magic) != 0) {
        return false;  // not one of ours: no refusal is worth sending
    }
    if (hello[4] != version) {
        refuse(refusal::version);
        return false;
    }
    if (std::memcmp(hello.data() + 8, mine_.cluster.data(), mine_.cluster.size()) != 0) {
        refuse(refusal::wrong_cluster);
        return false;
    }
    if ((hello[5] != 0) != !mine_.key.empty()) {
        refuse(refusal::wrong_key);
        return false;
    }
    peer_ = peer_of(hello.subspan<16, 16>());
    if (!mine_.key.empty()) {
        // Both PeerIds and both random numbers go in, so that nothing recorded on another stream
        // opens here.
        const auto self = bytes_of(mine_.self);
        const auto other = bytes_of(peer_);
        const auto their_nonce = hello.subspan(32, 32);
        const std::span<const std::uint8_t> dialler =
            is_dialled_ ? std::span<const std::uint8_t>{self} : other;
        const std::span<const std::uint8_t> acceptor =
            is_dialled_ ? std::span<const std::uint8_t>{other} : self;
        const std::span<const std::uint8_t> first =
            is_dialled_ ? std::span<const std::uint8_t>{nonce_} : their_nonce;
        const std::span<const std::uint8_t> second =
            is_dialled_ ? their_nonce : std::span<const std::uint8_t>{nonce_};
        const auto there = derive(mine_.key, {text("stream to the acceptor"), mine_.cluster,
                                              dialler, acceptor, first, second});
        const auto back = derive(mine_.key, {text("stream to the dialler"), mine_.cluster, dialler,
                                             acceptor, first, second});
        sends_ = is_dialled_ ? there : back;
        receives_ = is_dialled_ ? back : there;
    }
    is_greeted_ = true;
    // the proof that we have the key: sent for a mere hello, so that neither end waits for the
    // other's
    put_proof();
    return true;
}

void stream::append(const peer_id& to, std::span<const std::byte> message, base::time_point now) {
    if (!is_proven_) {
        kept_.push_back({to, {message.begin(), message.end()}, now});
        kept_bytes_ += message.size() + cost_of_keeping;
        return;
    }
    put_message(message, now);
}

bool stream::has_drained() const { return !has_output() && acknowledged() == written_in_all_; }

std::uint64_t stream::acknowledged() const {
    int waiting = 0;
    // an error: as if nothing were, so that nothing is held back
    const bool is_known = ::ioctl(fd_.get(), SIOCOUTQ, &waiting) == 0 && waiting > 0;
    return written_in_all_ - (is_known ? static_cast<std::uint64_t>(waiting) : 0);
}

bool stream::has_arrived(base::time_point by) {
    if (!marks_.empty() && marks_.front().at <= by) {
        forget_arrived();
    }
    return marks_.empty() || marks_.front().at > by;
}

void stream::forget_arrived() {
    const auto arrived = acknowledged();
    marks_.erase(marks_.begin(), std::find_if(marks_.begin(), marks_.end(),
                                              [&](const mark& m) { return m.upto > arrived; }));
}

/// The last mark is then the one for what is appended next.
void stream::begin_mark(base::time_point since) {
    if (!marks_.empty() && since - marks_.back().at < in_one_mark) {
        return;
    }
    if (marks_.size() >= most_marks) {
        forget_arrived();
    }
    if (marks_.size() >= most_marks) {
        // Two in one: what is younger counts as old, and nothing as younger than it is.
        for (std::size_t i = 0; i < most_marks / 2; ++i) {
            marks_[i] = {marks_[2 * i].at, marks_[2 * i + 1].upto};
        }
        marks_.resize(most_marks / 2);
    }
    marks_.push_back({since, written_in_all_ + queued()});
}

bool stream::keeps_for(const peer_id& to, base::time_point by) const {
    return std::any_of(kept_.begin(), kept_.end(),
                       [&](const auto& k) { return k.to == to && k.since <= by; });
}

bool stream::would_keep_too_much(std::size_t size) const {
    return !is_proven_ && !kept_.empty() && kept_bytes_ + size + cost_of_keeping > most_kept;
}

/// With what it says, datagrams that were recorded before are told from later ones (SEAL-2).
void stream::put_proof() {
    std::array<std::byte, proof_size> proof{};
    for (std::size_t i = 0; i < proof.size(); ++i) {
        proof[i] = static_cast<std::byte>(mine_.datagrams_sent >> (8 * i));
    }
    put_frame(proof);
}

void stream::prove(std::span<const std::uint8_t> proof) {
    HOLDFAST_ASSERT(is_greeted_ && !is_proven_ && proof.size() <= proof_size);
    is_proven_ = true;
    segment_ = segment_of(fd_.get());
    if (proof.size() == proof_size) {
        datagrams_before_ = 0;
        for (std::size_t i = 0; i < proof.size(); ++i) {
            *datagrams_before_ |= std::uint64_t{proof[i]} << (8 * i);
        }
    }
    for (const auto& k : std::exchange(kept_, {})) {
        if (k.to.is_nil() || k.to == peer_) {
            put_message(k.bytes, k.since);
        } else {
            ++counters_.dropped;
        }
    }
    kept_bytes_ = 0;
    HOLDFAST_ASSERT(kept_.empty());
}

void stream::put_message(std::span<const std::byte> message, base::time_point since) {
    begin_mark(since);  // if memory runs out, the frame is not there
    put_frame(message);
    marks_.back().upto = written_in_all_ + queued();
    ++counters_.frames_out;
}

void stream::put_frame(std::span<const std::byte> message) {
    const auto begins = out_.size();
    const auto overhead = mine_.key.empty() ? 0 : tag_size;
    // With room for the tag, which seal() appends: if memory runs out, it does so here, before a
    // part of a frame is there.
    out_.resize(begins + length_size + message.size() + overhead);
    out_.resize(out_.size() - overhead);
    const auto length = static_cast<std::uint32_t>(message.size() + overhead);
    put_length(out_.data() + begins, length);
    if (!message.empty()) {
        std::memcpy(out_.data() + begins + length_size, message.data(), message.size());
    }
    if (!mine_.key.empty()) {
        std::uint8_t header[length_size];
        put_length(header, length);
        seal(out_, begins + length_size, header, sends_, sent_++);
    }
}

bool stream::write() {
    HOLDFAST_ASSERT(written_ <= out_.size());
    is_dirty = false;
    while (written_ < out_.size()) {
        const auto n = ::send(fd_.get(), out_.data() + written_, out_.size() - written_,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
        ++counters_.writes;
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                was_ended_there_ = errno == EPIPE;  // a reset after its end was read
                return false;
            }
            // A stream that is always busy never drains: what it has written must not stay. Half,
            // so that the moves stay rare.
            if (written_ > out_.size() / 2) {
                out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(written_));
                written_ = 0;
            }
            return true;
        }
        written_ += static_cast<std::size_t>(n);
        written_in_all_ += static_cast<std::uint64_t>(n);
        counters_.bytes_out += static_cast<std::uint64_t>(n);
    }
    written_ = 0;
    out_.clear();
    if (out_.capacity() > room_to_keep) {
        out_ = std::vector<std::uint8_t>{};
    }
    return true;
}

bool stream::read(std::vector<std::uint8_t>& scratch, const sink& to) {
    ssize_t n = 0;
    do {
        n = ::recv(fd_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    ++counters_.reads;
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    if (n == 0) {
        was_ended_there_ = true;
        return false;
    }
    counters_.bytes_in += static_cast<std::uint64_t>(n);
    std::span<std::uint8_t> bytes{scratch.data(), static_cast<std::size_t>(n)};
    if (in_.empty()) {
        const auto used = consume(bytes, to);
        if (!used) {
            return false;
        }
        in_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(*used), bytes.end());
        return true;
    }
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    auto whole = std::exchange(in_, {});
    const auto used = consume(whole, to);
    if (!used) {
        return false;
    }
    whole.erase(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(*used));
    in_ = std::move(whole);
    return true;
}

std::optional<std::size_t> stream::consume(std::span<std::uint8_t> bytes, const sink& to) {
    std::size_t used = 0;
    while (true) {
        const auto rest = bytes.subspan(used);
        if (!is_greeted_) {
            if (rest.size() >= length_size && std::memcmp(rest.data(), magic, sizeof magic) != 0) {
                // A refusal may come in the place of a hello's successor only, but an old version
                // may send it first.
                const auto length = length_at(rest.data());
                if ((length & refused) != 0) {
                    was_refused(static_cast<refusal>(length & 0xff), true);
                }
                return std::nullopt;
            }
            if (rest.size() < hello_size) {
                return used;
            }
            if (!on_hello(rest.first(hello_size))) {
                return std::nullopt;
            }
            used += hello_size;
            continue;
        }
        if (rest.size() < length_size) {
            return used;
        }
        const auto length = length_at(rest.data());
        if ((length & refused) != 0) {
            was_refused(static_cast<refusal>(length & 0xff), true);
            return std::nullopt;
        }
        const std::size_t overhead = mine_.key.empty() ? 0 : tag_size;
        // Until the other end has proven itself it may make us keep no more than its proof.
        const auto most = is_proven_ ? mine_.max_frame : proof_size;
        if (length < overhead || length > most + overhead) {
            if (!is_proven_) {
                refuse(refusal::wrong_key);
            }
            return std::nullopt;
        }
        if (rest.size() < length_size + length) {
            return used;
        }
        auto message = rest.subspan(length_size, length);
        if (!mine_.key.empty()) {
            const auto opened = open(message, rest.first(length_size), receives_, received_);
            if (!opened) {
                if (!is_proven_) {
                    refuse(refusal::wrong_key);
                }
                return std::nullopt;
            }
            ++received_;
            message = *opened;
        }
        used += length_size + length;
        if (!is_proven_) {
            prove(message);  // its first frame
            continue;
        }
        ++counters_.frames_in;
        to({reinterpret_cast<const std::byte*>(message.data()), message.size()});
    }
}

void stream::refuse(refusal why) {
    std::uint8_t frame[length_size];
    put_length(frame, refused | static_cast<std::uint32_t>(why));
    out_.insert(out_.end(), std::begin(frame), std::end(frame));
    (void)write();
    was_refused(why, false);
}

void stream::was_refused(refusal why, bool by_them) {
    const auto code = why == refusal::wrong_key       ? errc::wrong_key
                      : why == refusal::wrong_cluster ? errc::wrong_cluster
                                                      : errc::version_mismatch;
    why_refused_ = error{code, to_string(at_) + (by_them ? " refused us: " : " was refused: ") +
                                   std::string{explain(code)}};
}

std::vector<peer_id> stream::drop_older(base::time_point than) {
    const auto first = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const kept_message& k) { return k.since >= than; });
    std::vector<peer_id> meant_for;
    std::for_each(kept_.begin(), first, [&](const kept_message& k) { meant_for.push_back(k.to); });
    std::for_each(kept_.begin(), first,
                  [&](const kept_message& k) { kept_bytes_ -= k.bytes.size() + cost_of_keeping; });
    kept_.erase(kept_.begin(), first);
    HOLDFAST_ASSERT(!kept_.empty() || kept_bytes_ == 0);
    return meant_for;
}

stream::counters stream::take_counters() { return std::exchange(counters_, {}); }

}  // namespace holdfast::net
