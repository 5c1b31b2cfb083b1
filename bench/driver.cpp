// Lock workloads for side-by-side runs with lock servers: one process is a peer that owns nothing,
// the owners are others.
//
//   driver MODE --endpoints HOST:PORT,... [--key value]...
//
// MODE: seq (one caller after another), par (many threads), contend (all fight for one name), hold,
// wait, probe, many. Prints one JSON line, or one line for each event; times are CLOCK_MONOTONIC
// nanoseconds.
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <holdfast/holdfast.hpp>

namespace {

using namespace std::chrono_literals;

std::uint64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(t.tv_nsec);
}

void sleep_until(std::uint64_t when) {
    for (auto now = now_ns(); now < when; now = now_ns()) {
        std::this_thread::sleep_for(std::chrono::nanoseconds{when - now});
    }
}

struct options {
    std::string mode;
    std::vector<std::string> endpoints;
    double seconds = 5;
    int workers = 1;
    int first_worker = 1;
    int names = 1000;
    int count = 1000;
    int op_timeout_ms = 500;
    std::uint64_t start_at = 0;
    std::string name = "lock";
    std::string tag = "t";
    std::string arena;
    std::string owner;  // "1": own the locks here, to measure what never leaves the process

    [[nodiscard]] std::string lock_name(std::size_t i) const {
        return tag + "-" + std::to_string(i);
    }
    [[nodiscard]] std::uint64_t duration_ns() const {
        return static_cast<std::uint64_t>(seconds * 1e9);
    }
};

options parse(int argc, char** argv) {
    if (argc < 2) {
        throw std::runtime_error("usage: driver MODE [--key value]...");
    }
    options o;
    o.mode = argv[1];
    std::map<std::string, std::string> given;
    for (int i = 2; i + 1 < argc; i += 2) {
        given[argv[i]] = argv[i + 1];
    }
    const auto text = [&](const char* key, std::string& to) {
        if (const auto at = given.find(key); at != given.end()) {
            to = at->second;
        }
    };
    const auto number = [&](const char* key, int& to) {
        if (const auto at = given.find(key); at != given.end()) {
            to = std::atoi(at->second.c_str());
        }
    };
    std::string list;
    text("--endpoints", list);
    for (std::size_t at = 0; at < list.size();) {
        const auto comma = std::min(list.find(',', at), list.size());
        o.endpoints.push_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    if (const auto at = given.find("--seconds"); at != given.end()) {
        o.seconds = std::atof(at->second.c_str());
    }
    if (const auto at = given.find("--start-at"); at != given.end()) {
        o.start_at = std::strtoull(at->second.c_str(), nullptr, 10);
    }
    number("--workers", o.workers);
    number("--first-worker", o.first_worker);
    number("--names", o.names);
    number("--count", o.count);
    number("--op-timeout-ms", o.op_timeout_ms);
    text("--name", o.name);
    text("--tag", o.tag);
    text("--arena", o.arena);
    text("--owner", o.owner);
    return o;
}

holdfast::peer join(const options& o) {
    auto started = holdfast::peer::start({.name = "bench",
                                          .listen = "127.0.0.1:0",
                                          .seeds = o.endpoints,
                                          .cluster = "bench",
                                          .profile = holdfast::profile::local,
                                          .weight = o.owner.empty() ? 0U : 1U});
    if (!started) {
        throw std::runtime_error(started.error().text);
    }
    if (const auto ready = started->wait_ready(30s); !ready) {
        throw std::runtime_error(ready.error().text);
    }
    return std::move(*started);
}

holdfast::hold acquire(const holdfast::peer& p, const std::string& name) {
    auto got = p.lock(name);
    if (!got) {
        throw std::runtime_error(got.error().text);
    }
    return std::move(*got);
}

std::uint32_t percentile(std::vector<std::uint32_t>& v, double p) {
    if (v.empty()) {
        return 0;
    }
    const auto i =
        std::min(v.size() - 1, static_cast<std::size_t>(p * static_cast<double>(v.size())));
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(i), v.end());
    return v[i];
}

void run_seq(const options& o) {
    const auto p = join(o);
    std::vector<std::string> names;
    for (int i = 0; i < o.names; ++i) {
        names.push_back(o.lock_name(static_cast<std::size_t>(i)));
    }
    for (std::size_t i = 0; i < 100; ++i) {
        (void)acquire(p, names[i % names.size()]);  // dropped at once: warms the streams up
    }
    std::vector<std::uint32_t> acquires, releases;
    acquires.reserve(1 << 20);
    releases.reserve(1 << 20);
    const auto start = now_ns();
    const auto end = start + o.duration_ns();
    auto last = start;
    std::uint64_t ops = 0;
    while (last < end) {
        const auto before = last;
        auto h = acquire(p, names[ops % names.size()]);
        const auto held = now_ns();
        h.release();
        last = now_ns();
        acquires.push_back(static_cast<std::uint32_t>(held - before));
        releases.push_back(static_cast<std::uint32_t>(last - held));
        ++ops;
    }
    std::printf(
        "{\"ops\":%llu,\"elapsed_ns\":%llu,\"acquire_p50_ns\":%u,\"acquire_p99_ns\":%u,\"release_"
        "p50_ns\":%u,\"release_p99_ns\":%u}\n",
        static_cast<unsigned long long>(ops), static_cast<unsigned long long>(last - start),
        percentile(acquires, .5), percentile(acquires, .99), percentile(releases, .5),
        percentile(releases, .99));
}

void run_par(const options& o) {
    const auto p = join(o);
    const auto workers = static_cast<std::size_t>(o.workers);
    const auto each = std::max<std::size_t>(1, static_cast<std::size_t>(o.names) / workers);
    std::atomic<std::uint64_t> ops{0};
    const auto start = now_ns() + 50'000'000;
    const auto end = start + o.duration_ns();
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < workers; ++w) {
        threads.emplace_back([&, w] {
            std::vector<std::string> names;
            for (std::size_t i = 0; i < each; ++i) {
                names.push_back(o.lock_name(w * each + i));
            }
            std::uint64_t n = 0;
            sleep_until(start);
            for (; now_ns() < end; ++n) {
                acquire(p, names[n % each]).release();
            }
            ops += n;
        });
    }
    for (auto& t : threads) {
        t.join();
    }
    std::printf("{\"ops\":%llu,\"elapsed_ns\":%llu}\n", static_cast<unsigned long long>(ops.load()),
                static_cast<unsigned long long>(now_ns() - start));
}

/// The critical section of `contend`, in memory all workers of all processes share. Words of 8
/// bytes: 0 holder, 1 last, 2 visits, 3 hand-offs, 4 violations, 16 + id for each worker.
class arena {
public:
    explicit arena(const std::string& path) {
        const int fd = open(path.c_str(), O_RDWR);
        void* at =
            fd < 0 ? MAP_FAILED : mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd >= 0) {
            close(fd);
        }
        if (at == MAP_FAILED) {
            throw std::runtime_error("cannot map the arena " + path);
        }
        words_ = static_cast<std::atomic<std::uint64_t>*>(at);
    }
    void visit(std::uint64_t worker) {
        words_[4] += words_[0].exchange(worker) != 0 ? 1 : 0;
        words_[3] += words_[1].exchange(worker) != worker ? 1 : 0;
        ++words_[2];
        ++words_[16 + worker];
        words_[4] += words_[0].exchange(0) != worker ? 1 : 0;
    }

private:
    std::atomic<std::uint64_t>* words_;
};

void run_contend(const options& o) {
    arena shared{o.arena};
    const auto p = join(o);
    const auto start = std::max(o.start_at, now_ns());
    const auto end = start + o.duration_ns();
    std::vector<std::thread> threads;
    for (int w = 0; w < o.workers; ++w) {
        threads.emplace_back([&, w] {
            sleep_until(start);
            for (bool goes_on = true; goes_on;) {
                auto h = acquire(p, o.name);
                goes_on = now_ns() < end;
                if (goes_on) {
                    shared.visit(static_cast<std::uint64_t>(o.first_worker + w));
                }
                h.release();
            }
        });
    }
    for (auto& t : threads) {
        t.join();
    }
    std::printf("{\"late_ns\":%llu}\n", static_cast<unsigned long long>(start - o.start_at));
}

void run_hold(const options& o) {
    const auto p = join(o);
    const auto h = acquire(p, o.name);
    std::printf("HELD %llu\n", static_cast<unsigned long long>(now_ns()));
    std::fflush(stdout);
    for (;;) {
        pause();
    }
}

void run_wait(const options& o) {
    const auto p = join(o);
    std::printf("WAITING %llu\n", static_cast<unsigned long long>(now_ns()));
    std::fflush(stdout);
    const auto h = acquire(p, o.name);
    std::printf("ACQUIRED %llu\n", static_cast<unsigned long long>(now_ns()));
}

void run_probe(const options& o) {
    const auto p = join(o);
    std::printf("READY %llu\n", static_cast<unsigned long long>(now_ns()));
    std::fflush(stdout);
    const auto end = now_ns() + o.duration_ns();
    auto last = now_ns();
    std::uint64_t ops = 0;
    const auto success = [&] {
        const auto now = now_ns();
        if (now - last > 20'000'000) {
            std::printf("GAP %llu %llu\n", static_cast<unsigned long long>(last),
                        static_cast<unsigned long long>(now));
            std::fflush(stdout);
        }
        last = now;
    };
    while (now_ns() < end) {
        if (auto got = p.lock(o.name, {.wait = std::chrono::milliseconds{o.op_timeout_ms}})) {
            got->release();
            success();
            ++ops;
        }
    }
    success();
    std::printf("DONE %llu\n", static_cast<unsigned long long>(ops));
}

void run_many(const options& o) {
    const auto p = join(o);
    const auto start = now_ns();
    std::vector<holdfast::hold> holds;
    holds.reserve(static_cast<std::size_t>(o.count));
    for (int i = 0; i < o.count; ++i) {
        holds.push_back(acquire(p, o.lock_name(static_cast<std::size_t>(i))));
    }
    std::printf("HELD %d %llu\n", o.count, static_cast<unsigned long long>(now_ns() - start));
    std::fflush(stdout);
    for (;;) {
        pause();
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto o = parse(argc, argv);
        static const std::map<std::string, void (*)(const options&)> modes = {
            {"seq", run_seq},   {"par", run_par},     {"contend", run_contend}, {"hold", run_hold},
            {"wait", run_wait}, {"probe", run_probe}, {"many", run_many}};
        const auto mode = modes.find(o.mode);
        if (mode == modes.end()) {
            throw std::runtime_error("unknown mode " + o.mode);
        }
        mode->second(o);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
