// Many machines have the same job in their crontab; one of them runs it.
//
//   cron_once LISTEN SEED[,SEED...] JOB
//
// Exit codes: 0 the job ran here, 3 another has it, 1 trouble.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <holdfast/holdfast.hpp>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: cron_once LISTEN SEED[,SEED...] JOB\n");
        return 64;
    }
    std::vector<std::string> seeds;
    std::istringstream list{argv[2]};
    for (std::string one; std::getline(list, one, ',');) {
        seeds.push_back(one);
    }
    auto peer = holdfast::peer::start({.listen = argv[1],
                                       .seeds = seeds,
                                       .cluster = "cron",
                                       .profile = holdfast::profile::local,
                                       .weight = 0});
    if (!peer || !peer->wait_ready(20s)) {
        std::fprintf(stderr, "no cluster: %s\n",
                     peer ? "its seats do not answer" : peer.error().text.c_str());
        return 1;
    }
    auto mine = peer->try_lock("cron/nightly");
    // Only `would_block` says that another process has it. After any other error ask again: else
    // no process might run the job.
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!mine && mine.error().code != holdfast::errc::would_block &&
           std::chrono::steady_clock::now() < until) {
        (void)peer->wait_ready(1s);  // or a peer without a lease would ask without a pause
        mine = peer->try_lock("cron/nightly");
    }
    if (!mine) {
        const bool is_elsewhere = mine.error().code == holdfast::errc::would_block;
        std::fprintf(is_elsewhere ? stdout : stderr, "%s: %s\n",
                     is_elsewhere ? "not here" : "trouble", mine.error().text.c_str());
        return is_elsewhere ? 3 : 1;
    }
    std::printf("runs here, token %lld\n", static_cast<long long>(mine->token().value));
    std::fflush(stdout);
    const int status = std::system(argv[3]);
    // Done twice would be worse than not told: if the lock was lost meanwhile, another may have
    // begun.
    return mine->release() && status == 0 ? 0 : 1;
}
