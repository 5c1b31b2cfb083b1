#include "impaired_network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace test_support {
namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

class descriptor {
public:
    explicit descriptor(int fd = -1) : fd_{fd} {}
    descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

descriptor check(int result, const char* what) {
    if (result < 0) {
        throw std::runtime_error{std::string{what} + ": " + std::strerror(errno)};
    }
    return descriptor{result};
}

void control(int fd, unsigned long request, ifreq& r, const char* what) {
    if (ioctl(fd, request, &r) != 0) {
        throw std::runtime_error{std::string{what} + ": " + std::strerror(errno)};
    }
}

sockaddr in_sockaddr(const std::string& address) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    inet_pton(AF_INET, address.c_str(), &in.sin_addr);
    sockaddr out{};
    std::memcpy(&out, &in, sizeof in);
    return out;
}

struct place {
    descriptor net_namespace;
    descriptor device;
};

/// In a thread that is in the new namespace.
place furnish(std::size_t index) {
    place p;
    p.net_namespace =
        check(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "open a network namespace");
    p.device = check(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), "open /dev/net/tun");
    ifreq r{};
    std::strcpy(r.ifr_name, "eth0");
    r.ifr_flags = IFF_TUN | IFF_NO_PI;
    control(p.device.get(), TUNSETIFF, r, "make a TUN device");
    const auto any = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    r.ifr_addr = in_sockaddr(impaired_network::address(index));
    control(any.get(), SIOCSIFADDR, r, "set an address");
    r.ifr_netmask = in_sockaddr("255.255.255.0");
    control(any.get(), SIOCSIFNETMASK, r, "set a netmask");
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    control(any.get(), SIOCSIFFLAGS, r, "raise a device");
    std::strcpy(r.ifr_name, "lo");
    control(any.get(), SIOCSIFFLAGS, r, "raise the loopback device");
    return p;
}

/// The namespace belongs to a thread, which may end: the descriptors keep it.
place make_place(std::size_t index) {
    place made;
    std::exception_ptr failure;
    std::thread{[&] {
        try {
            if (unshare(CLONE_NEWNET) != 0) {
                throw std::runtime_error{std::string{"make a network namespace: "} +
                                         std::strerror(errno)};
            }
            made = furnish(index);
        } catch (...) {
            failure = std::current_exception();
        }
    }}.join();
    if (failure) {
        std::rethrow_exception(failure);
    }
    return made;
}

// ---- what stands in the head of an IP packet, by its place there

constexpr std::size_t least_head = 20;
constexpr std::size_t protocol_at = 9, checksum_at = 10, destination_at = 19;
constexpr std::uint8_t tcp = 6, udp = 17;

std::uint8_t byte_of(const char* packet, std::size_t at) {
    return static_cast<std::uint8_t>(packet[at]);
}

bool is_filtered(const impairment& link, const char* packet, std::size_t size) {
    const auto protocol = byte_of(packet, protocol_at);
    return (link.no_tcp && protocol == tcp) || (link.no_udp && protocol == udp) ||
           (link.no_large && size > 1000);
}

std::size_t head_of(const char* packet) { return (byte_of(packet, 0) & 15u) * 4u; }

/// Whole, with a head of UDP.
bool is_datagram(const char* packet, std::size_t size) {
    return byte_of(packet, protocol_at) == udp && size >= head_of(packet) + 8;
}

/// As if its sender had addressed it to that place; it goes without a checksum of UDP then.
void readdress(std::vector<char>& datagram, std::size_t place) {
    const auto head = head_of(datagram.data());
    datagram[destination_at] = static_cast<char>(place + 1);
    datagram[checksum_at] = datagram[checksum_at + 1] = 0;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < head; i += 2) {
        sum += byte_of(datagram.data(), i) * 256u + byte_of(datagram.data(), i + 1);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    datagram[checksum_at] = static_cast<char>(sum >> 8 & 255);
    datagram[checksum_at + 1] = static_cast<char>(sum & 255);
    datagram[head + 6] = datagram[head + 7] = 0;
}

struct packet {
    steady::time_point due;
    std::size_t from, to;
    std::vector<char> bytes;

    // the earliest is on top of the queue
    bool operator<(const packet& other) const { return due > other.due; }
};

}  // namespace

struct impaired_network::state {
    explicit state(std::uint64_t seed) : random{seed} {}

    std::vector<place> places;
    descriptor ending{eventfd(0, EFD_CLOEXEC)};
    std::mutex mutex;                            // of what follows
    std::vector<std::vector<impairment>> links;  // from, to
    counts counted;

    std::mt19937_64 random;
    std::priority_queue<packet> under_way;
    std::uint64_t datagrams = 0;  // that have arrived
    std::vector<std::vector<char>> recorded;
    std::thread carrier;

    bool happens(double share) {
        return share > 0 && std::uniform_real_distribution{}(random) < share;
    }

    std::optional<std::size_t> destination(const std::array<char, 2048>& bytes,
                                           std::size_t size) const {
        if (size < least_head || (byte_of(bytes.data(), 0) >> 4) != 4) {
            return std::nullopt;  // IPv6: no process here has such an address
        }
        const auto last = byte_of(bytes.data(), destination_at);
        return last >= 1 && last <= places.size() ? std::optional<std::size_t>{last - 1}
                                                  : std::nullopt;
    }

    void take(std::size_t from, const std::array<char, 2048>& bytes, std::size_t size) {
        const auto to = destination(bytes, size);
        if (!to) {
            return;
        }
        const auto& link = links[from][*to];
        if (link.cut) {
            ++counted.cut;
            return;
        }
        if (is_filtered(link, bytes.data(), size)) {
            ++counted.filtered;
            return;
        }
        if (happens(link.loss)) {
            ++counted.lost;
            return;
        }
        const bool twice = happens(link.doubled);
        counted.doubled += twice;
        for (int copy = 0; copy <= twice; ++copy) {
            auto late = 0us;
            if (link.jitter > 0us) {
                late += std::chrono::microseconds{
                    std::uniform_int_distribution<std::int64_t>{0, link.jitter.count()}(random)};
                ++counted.jittered;
            }
            if (happens(link.held_back)) {
                late += std::chrono::microseconds{
                    std::uniform_int_distribution<std::int64_t>{5'000, 50'000}(random)};
                ++counted.held_back;
            }
            if (late > 0us) {
                under_way.push(
                    {steady::now() + late, from, *to, {bytes.data(), bytes.data() + size}});
            } else {
                give(*to, bytes.data(), size);
            }
        }
    }
    void give(std::size_t to, const char* bytes, std::size_t size) {
        // A device whose queue is full loses the packet, as any network may.
        if (!put(to, bytes, size)) {
            return;
        }
        ++counted.carried;
        if (is_datagram(bytes, size)) {
            record({bytes, bytes + size});
        }
    }
    bool put(std::size_t to, const char* bytes, std::size_t size) const {
        return write(places[to].device.get(), bytes, size) == static_cast<ssize_t>(size);
    }
    std::size_t pick(std::uint64_t count) {
        return std::uniform_int_distribution<std::size_t>{0, count - 1}(random);
    }
    /// Each that has arrived is among them with the same chance, the first of the run too. What was
    /// lost is not: sent again it would only be late.
    void record(std::vector<char> datagram) {
        constexpr std::size_t most = 4096;
        ++datagrams;
        if (recorded.size() < most) {
            recorded.push_back(std::move(datagram));
        } else if (const auto at = pick(datagrams); at < most) {
            recorded[at] = std::move(datagram);
        }
    }
    void replay(std::size_t count) {
        for (; count > 0 && !recorded.empty(); --count) {
            auto datagram = recorded[pick(recorded.size())];
            std::size_t to = byte_of(datagram.data(), destination_at) - 1u;
            if (pick(2) == 0) {
                to = pick(places.size());
                readdress(datagram, to);
            }
            counted.replayed += put(to, datagram.data(), datagram.size());
        }
    }
    void give_what_is_due() {
        while (!under_way.empty() && under_way.top().due <= steady::now()) {
            const auto& p = under_way.top();
            if (links[p.from][p.to].cut) {
                ++counted.cut;
            } else {
                give(p.to, p.bytes.data(), p.bytes.size());
            }
            under_way.pop();
        }
    }

    void carry() {
        // A network does not slow down because a processor is busy: without this each hop waits its
        // turn twice.
        const sched_param first{.sched_priority = 1};
        sched_setscheduler(0, SCHED_RR, &first);
        std::vector<pollfd> fds;
        for (const auto& p : places) {
            fds.push_back({p.device.get(), POLLIN, 0});
        }
        fds.push_back({ending.get(), POLLIN, 0});
        std::array<char, 2048> bytes;  // more than the devices' MTU of 1500
        for (;;) {
            timespec wait{}, *until = nullptr;
            if (!under_way.empty()) {
                const auto left =
                    std::max<steady::duration>(under_way.top().due - steady::now(), 0ns);
                wait = {std::chrono::floor<std::chrono::seconds>(left).count(),
                        (left % 1s).count()};
                until = &wait;
            }
            if (ppoll(fds.data(), fds.size(), until, nullptr) < 0 && errno != EINTR) {
                std::terminate();
            }
            if (fds.back().revents != 0) {
                return;
            }
            const std::lock_guard guard{mutex};
            give_what_is_due();
            for (std::size_t from = 0; from < places.size(); ++from) {
                for (int some = 0; some < 64 && (fds[from].revents & POLLIN) != 0; ++some) {
                    const auto size = read(fds[from].fd, bytes.data(), bytes.size());
                    if (size <= 0) {
                        break;
                    }
                    take(from, bytes, static_cast<std::size_t>(size));
                }
            }
        }
    }
};

impaired_network::impaired_network(std::size_t places, std::uint64_t seed)
    : state_{std::make_unique<state>(seed)} {
    state_->links.assign(places, std::vector<impairment>(places));
    for (std::size_t i = 0; i < places; ++i) {
        state_->places.push_back(make_place(i));
    }
    state_->carrier = std::thread{[this] { state_->carry(); }};
}

impaired_network::~impaired_network() {
    const std::uint64_t one = 1;
    (void)!write(state_->ending.get(), &one, sizeof one);
    state_->carrier.join();
}

bool impaired_network::enter(std::size_t place) const {
    return setns(state_->places[place].net_namespace.get(), CLONE_NEWNET) == 0;
}

void impaired_network::set(std::size_t from, std::size_t to, const impairment& what) {
    const std::lock_guard guard{state_->mutex};
    state_->links[from][to] = what;
}

void impaired_network::replay(std::size_t count) {
    const std::lock_guard guard{state_->mutex};
    state_->replay(count);
}

impaired_network::counts impaired_network::counted() const {
    const std::lock_guard guard{state_->mutex};
    return state_->counted;
}

bool can_make_networks(std::string& why_not) {
    try {
        make_place(0);
        return true;
    } catch (const std::runtime_error& e) {
        why_not = e.what();
        return false;
    }
}

}  // namespace test_support
