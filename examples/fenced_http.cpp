// A document on an HTTP server that refuses writers whose lock has been granted to another
// holder since.
//
//   fenced_http serve              serves /document on a free port of the loopback, and says at
//   which URL fenced_http URL TOKEN TEXT     writes if no newer token has written; exit code 3 if
//   one has
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/http_gate.hpp>

namespace {

using holdfast::http_token;

int serve() {
    holdfast::http_gate gate{"guarded"};
    std::mutex mutex;
    std::string document;

    httplib::Server server;
    server.Put("/document", [&](const httplib::Request& request, httplib::Response& response) {
        std::vector<std::string> tokens;
        for (auto [at, end] = request.headers.equal_range(http_token::header); at != end; ++at) {
            tokens.push_back(at->second);
        }
        // The whole request is here by now: a client that is stopped while it sends does not stop
        // the others.
        response.status = gate.run(tokens, [&] {
            const std::lock_guard guard{mutex};
            document = request.body;
            return 204;
        });
    });
    server.Get("/document", [&](const httplib::Request&, httplib::Response& response) {
        const std::lock_guard guard{mutex};
        response.set_content(document, "text/plain");
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    std::printf("serving at http://127.0.0.1:%d\n", port);
    std::fflush(stdout);
    return server.listen_after_bind() ? 0 : 1;
}

int put(const char* url, holdfast::token mine, const char* text) {
    httplib::Client server{url};
    const auto answer =
        server.Put("/document", {{http_token::header, http_token{"guarded", mine}.text()}}, text,
                   "text/plain");
    if (!answer) {
        std::fprintf(stderr, "no answer from %s: %s\n", url,
                     httplib::to_string(answer.error()).c_str());
        return 1;
    }
    std::printf("the server answers %d to token %lld\n", answer->status,
                static_cast<long long>(mine.value));
    return answer->status == 204                                        ? 0
           : answer->status == holdfast::http_gate::precondition_failed ? 3
                                                                        : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view{argv[1]} == "serve") {
        return serve();
    }
    const holdfast::token mine{argc == 4 ? std::strtoll(argv[2], nullptr, 10) : 0};
    if (mine.value <= 0) {
        std::fprintf(stderr, "usage: fenced_http serve | fenced_http URL TOKEN TEXT\n");
        return 64;
    }
    return put(argv[1], mine, argv[3]);
}
