// Bytes that peers of this version have sent: a change here is another version of the protocol.
#include <string>

#include "catch.hpp"
#include "wire/codec.hpp"

using namespace holdfast;

namespace {

std::string hex(const node::message& what) {
    const wire::packet packet{{{0x0102030405060708, 0x090a0b0c0d0e0f10}, {}, {1, 2}, {300}, true},
                              what};
    std::vector<std::byte> bytes;
    wire::encode(packet, "default", bytes);
    std::string out;
    for (const auto b : bytes) {
        constexpr auto digits = "0123456789abcdef";
        out += digits[std::to_integer<unsigned>(b) >> 4];
        out += digits[std::to_integer<unsigned>(b) & 15];
    }
    const std::string front =
        "02"
        "6c5b964d9473ac1a"
        "95"
        "c4100102030405060708090a0b0c0d0e0f10"
        "c41000000000000000000000000000000000"
        "c41000000000000000010000000000000002"
        "cd012c"
        "c3";
    REQUIRE(out.substr(0, front.size()) == front);
    return out.substr(front.size());
}

}  // namespace

TEST_CASE("golden bytes", "[wire]") {
    REQUIRE(hex(swim::message{swim::nack{7}}) ==
            "13"
            "91"
            "07");
    REQUIRE(hex(lease::message{lease::renew_request{
                {3}, base::right_time{base::duration{1000000}}, true, {300}}}) ==
            "40"
            "94"
            "03"
            "ce000f4240"
            "c3"
            "cd012c");
    REQUIRE(hex(lease::message{
                lease::ack{{3}, base::right_time{base::duration{1000000}}, true, false, true}}) ==
            "41"
            "95"
            "03"
            "ce000f4240"
            "c3"
            "c2"
            "c3");
    REQUIRE(hex(lease::message{lease::waits_for{{{1, 2}}, 300, {}}}) ==
            "42"
            "93"
            "91"
            "c41000000000000000010000000000000002"
            "cd012c"
            "90");
    REQUIRE(hex(lease::message{lease::way_question{7, "xy"}}) ==
            "43"
            "92"
            "07"
            "a27879");
    REQUIRE(hex(lease::message{lease::way_answer{7, "xy"}}) ==
            "44"
            "92"
            "07"
            "a27879");
    REQUIRE(hex(swim::message{swim::push_pull{true, {7, "n", {}}, {}, {300}}}) ==
            "15"
            "94"
            "c3"
            "93"
            "07"
            "a16e"
            "c412000000000000000000000000000000000000"
            "90"
            "cd012c");
    REQUIRE(
        hex(lock::message{lock::request{{9}, "orders", {"n", lock_mode::permit(3)}, true, {8}}}) ==
        "50"
        "99"
        "09"
        "a66f7264657273"
        "a16e"
        "c3"
        "08"
        "920203"
        "93c30100"
        "00"
        "00");
    REQUIRE(hex(lock::message{lock::grant{{9}, "orders", token::make({5}, 2), false, {}}}) ==
            "56"
            "95"
            "09"
            "a66f7264657273"
            "cf0000000280000002"
            "c2"
            "96"
            "00"
            "00"
            "c41000000000000000000000000000000000"
            "a0"
            "a0"
            "a0");
    REQUIRE(hex(lock::message{lock::gather{{4}, {6}, 1, {{5}, {6}, {200}}}}) ==
            "5b"
            "94"
            "04"
            "06"
            "01"
            "c4050005"
            "00c101");
    REQUIRE(hex(lock::message{lock::keep_delays{
                {300}, 7, {{"a", base::duration{2'000'000}, {5}, lock::delay_stage::running}}}}) ==
            "78"
            "93"
            "cd012c"
            "07"
            "91"
            "94"
            "a161"
            "ce001e8480"
            "05"
            "01");
    REQUIRE(hex(lock::message{lock::report{{4}, 1, 2, false, {}, {}}}) ==
            "5c"
            "96"
            "04"
            "01"
            "02"
            "c2"
            "90"
            "90");
    REQUIRE(hex(lock::message{lock::no_holds{{4}, {{0, 1}}}}) ==
            "7a"
            "92"
            "04"
            "91"
            "c41000000000000000000000000000000001");
    REQUIRE(hex(lock::message{lock::no_holds_of{{4}, {{0, 1}}}}) ==
            "7b"
            "92"
            "04"
            "91"
            "c41000000000000000000000000000000001");
    REQUIRE(hex(node::relayed{{0, 1}, {0, 2}, true, lock::cancelled{{3}}}) ==
            "70"
            "c41000000000000000000000000000000001"
            "c41000000000000000000000000000000002"
            "c3"
            "58"
            "91"
            "03");
    REQUIRE(hex(views::message{views::found_promise{{1, 2, {}}, {{}, 2}, {}, {77}, -2}}) ==
            "32"
            "95"
            "93"
            "01"
            "02"
            "c41000000000000000000000000000000000"
            "92"
            "9a"
            "c41000000000000000000000000000000000"
            "a0"
            "c412000000000000000000000000000000000000"
            "01"
            "c2"
            "00"
            "93000000"
            "c2"
            "00"
            "c2"
            "02"
            "90"
            "4d"
            "fe");
    views::change change{{1, 2}, {2}, {77}, {}, {{0, 9}}, {}, {{1, {}}}, 5, {{0, 8}}};
    REQUIRE(hex(views::message{views::accept{{2}, {1, 2, {}}, change}}) ==
            "29"
            "93"
            "02"
            "93"
            "01"
            "02"
            "c41000000000000000000000000000000000"
            "99"
            "c41000000000000000010000000000000002"
            "02"
            "4d"
            "90"
            "91"
            "c41000000000000000000000000000000009"
            "90"
            "91"
            "92"
            "01"
            "c41000000000000000000000000000000000"
            "05"
            "91"
            "c41000000000000000000000000000000008");
    REQUIRE(hex(views::message{views::opinion_ask{{2}, {}, {{0, 8}}}}) ==
            "24"
            "93"
            "02"
            "90"
            "91"
            "c41000000000000000000000000000000008");
    REQUIRE(hex(views::message{views::opinion{{2}, {}, {{0, 9}}, {{0, 8}}}}) ==
            "25"
            "94"
            "02"
            "90"
            "91"
            "c41000000000000000000000000000000009"
            "91"
            "c41000000000000000000000000000000008");
    REQUIRE(hex(views::message{views::way_probe{7, {}, true, false, 3}}) ==
            "3a"
            "95"
            "07"
            "c412000000000000000000000000000000000000"
            "c3"
            "c2"
            "c403000000");
    REQUIRE(hex(views::message{views::way_echo{7, 2}}) ==
            "3b"
            "92"
            "07"
            "c4020000");
}
