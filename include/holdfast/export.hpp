// What the library shows to the programs that link it.
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#define HOLDFAST_EXPORT __attribute__((visibility("default")))
#else
#define HOLDFAST_EXPORT
#endif
