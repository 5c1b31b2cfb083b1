// What encoding and decoding take from the heap. The counting operators serve the whole test
// program.
#include <cstdlib>
#include <new>
#include <string>

#include "base/settings.hpp"
#include "catch.hpp"
#include "wire/codec.hpp"
#include "wire/pack.hpp"

namespace {

std::size_t allocations = 0;
std::size_t bytes_allocated = 0;

void* counted(std::size_t size) {
    ++allocations;
    bytes_allocated += size;
    void* const p = std::malloc(size);
    if (p == nullptr) {
        throw std::bad_alloc{};
    }
    return p;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
// Not for the count: whatever is deleted below must come from malloc.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

using namespace holdfast;

TEST_CASE("the messages of an acquire cost no allocation but their strings", "[wire]") {
    const std::string name = "short";
    const std::vector<lock::message> all{
        lock::request{{1}, name, {}, false, {0}}, lock::grant{{1}, name, {77}, true, {}},
        lock::grant_ack{name, {77}}, lock::release{name, {77}, {}, false, false, {}},
        lock::released{name, {77}}};
    for (const auto& what : all) {
        const wire::packet packet{{{1, 2}, {3, 4}, {5, 6}, {7}, true}, what};
        std::vector<std::byte> bytes;
        wire::encode(packet, "production", bytes);
        bytes.clear();

        const auto before = allocations;
        wire::encode(packet, "production", bytes);
        const auto back = wire::decode(bytes, "production");
        const auto after = allocations;
        REQUIRE(after == before);  // a short string has its place in the message
        REQUIRE(back.has_value());
    }
}

TEST_CASE("a hostile count costs memory only for what was sent", "[wire]") {
    std::vector<std::byte> front;
    wire::encode({{}, lock::message{lock::queued{}}}, "c", front);
    front.resize(front.size() - 3);
    for (unsigned kind = 0; kind < 0x80; ++kind) {
        for (const bool is_list_first : {false, true}) {
            auto bytes = front;
            wire::pack::writer out{bytes};
            out.number(kind);
            out.array(is_list_first ? 1 : 3);
            out.array(16000);
            bytes.resize(bytes.size() + 20000, std::byte{0x90});
            const auto before = bytes_allocated;
            const bool is_packet = wire::decode(bytes, "c").has_value();
            const auto taken = bytes_allocated - before;
            CAPTURE(kind);
            REQUIRE_FALSE(is_packet);
            REQUIRE(taken < 4096);
        }
    }
}
