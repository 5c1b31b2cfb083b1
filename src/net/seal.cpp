#include "net/seal.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace holdfast::net {
namespace {

std::array<std::uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce_of(
    std::uint64_t counter) {
    std::array<std::uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce{};
    for (std::size_t i = 0; i < 8; ++i) {
        nonce[4 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
    }
    return nonce;
}

std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

static_assert(tag_size == crypto_aead_chacha20poly1305_IETF_ABYTES &&
              key_size == crypto_aead_chacha20poly1305_IETF_KEYBYTES);

bool start_cryptography() { return sodium_init() >= 0; }

std::optional<std::vector<std::byte>> decode_hex(std::string_view text) {
    std::vector<std::byte> out(text.size() / 2);
    std::size_t size = 0;
    if (sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                       text.size(), nullptr, &size, nullptr) != 0 ||
        2 * size != text.size()) {
        return std::nullopt;
    }
    return out;
}

std::optional<std::vector<std::byte>> decode_base64(std::string_view text) {
    while (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    std::vector<std::byte> out(text.size() / 4 * 3 + 3);
    for (const int alphabet :
         {sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
        std::size_t size = 0;
        if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                              text.size(), nullptr, &size, nullptr, alphabet) == 0) {
            out.resize(size);
            return out;
        }
    }
    return std::nullopt;
}

void fill_random(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

secret derive(std::span<const std::byte> cluster_key,
              std::initializer_list<std::span<const std::uint8_t>> parts) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(cluster_key.data()),
                            cluster_key.size(), key_size);
    for (const auto& part : parts) {
        // Lengths first, so that no two lists of parts read the same.
        const std::uint8_t length[2] = {static_cast<std::uint8_t>(part.size()),
                                        static_cast<std::uint8_t>(part.size() >> 8)};
        crypto_generichash_update(&state, length, sizeof length);
        crypto_generichash_update(&state, part.data(), part.size());
    }
    secret out;
    crypto_generichash_final(&state, out.data(), out.size());
    return out;
}

std::array<std::uint8_t, 8> fingerprint(std::string_view cluster_name) {
    const auto whole = derive({}, {bytes("holdfast cluster"), bytes(cluster_name)});
    std::array<std::uint8_t, 8> out;
    std::copy_n(whole.begin(), out.size(), out.begin());
    return out;
}

std::array<std::uint8_t, 16> bytes_of(const peer_id& id) {
    std::array<std::uint8_t, 16> out;
    for (std::size_t i = 0; i < 8; ++i) {
        out[i] = static_cast<std::uint8_t>(id.high >> (56 - 8 * i));
        out[8 + i] = static_cast<std::uint8_t>(id.low >> (56 - 8 * i));
    }
    return out;
}

peer_id peer_of(std::span<const std::uint8_t, 16> in) {
    peer_id id;
    for (std::size_t i = 0; i < 8; ++i) {
        id.high = id.high << 8 | in[i];
        id.low = id.low << 8 | in[8 + i];
    }
    return id;
}

void seal(std::vector<std::uint8_t>& buffer, std::size_t begins,
          std::span<const std::uint8_t> header, const secret& key, std::uint64_t counter) {
    HOLDFAST_ASSERT(begins <= buffer.size());
    const auto size = buffer.size() - begins;
    buffer.resize(buffer.size() + tag_size);
    auto* message = buffer.data() + begins;
    const auto nonce = nonce_of(counter);
    crypto_aead_chacha20poly1305_ietf_encrypt_detached(message, message + size, nullptr, message,
                                                       size, header.data(), header.size(), nullptr,
                                                       nonce.data(), key.data());
}

std::optional<std::span<std::uint8_t>> open(std::span<std::uint8_t> sealed,
                                            std::span<const std::uint8_t> header, const secret& key,
                                            std::uint64_t counter) {
    if (sealed.size() < tag_size) {
        return std::nullopt;
    }
    const auto size = sealed.size() - tag_size;
    const auto nonce = nonce_of(counter);
    if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(
            sealed.data(), nullptr, sealed.data(), size, sealed.data() + size, header.data(),
            header.size(), nonce.data(), key.data()) != 0) {
        return std::nullopt;
    }
    return sealed.first(size);
}

bool replay_window::admit(std::uint64_t counter) {
    if (counter + width <= newest_) {
        return false;
    }
    if (counter > newest_) {
        const auto steps = std::min<std::uint64_t>(counter - newest_, width);
        for (std::uint64_t i = 1; i <= steps; ++i) {
            seen_.reset((newest_ + i) % width);
        }
        newest_ = counter;
    } else if (seen_.test(counter % width)) {
        return false;
    }
    seen_.set(counter % width);
    return true;
}

void replay_window::begin_after(std::uint64_t counter) {
    newest_ = counter;
    seen_.set();
}

}  // namespace holdfast::net
