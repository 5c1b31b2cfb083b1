"""Public headers include the standard library, tl::expected and each other only; each was compiled
by itself; the umbrella reaches all of them.

usage: check_includes.py HEADER_DIRECTORY COMPILED_HEADER...
       check_includes.py --list HEADER_DIRECTORY    the headers, one a line
"""

import os
import re
import sys

STANDARD = set(
    """
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine
csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque
exception execution filesystem format forward_list fstream functional future initializer_list
iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource
mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string
string_view strstream syncstream system_error thread tuple type_traits typeindex typeinfo
unordered_map unordered_set utility valarray variant vector version
""".split()
)
# The C header is for C as well.
STANDARD_FOR_C = {"stdbool.h", "stddef.h", "stdint.h"}

INCLUDE = re.compile(r"^\s*#\s*include\s*(\S+)")


def includes_of(path):
    with open(path, encoding="utf-8") as f:
        return [found.group(1) for found in map(INCLUDE.match, f) if found]


def headers_in(folder):
    return {name for name in os.listdir(folder) if name.endswith((".hpp", ".h"))}


def main():
    if sys.argv[1] == "--list":
        print("\n".join(sorted(headers_in(sys.argv[2]))))
        return 0
    folder, compiled = sys.argv[1], set(sys.argv[2:])
    headers = headers_in(folder)
    complaints = [
        f"{h}: is new here and was not compiled by itself: reconfigure the build"
        for h in sorted(headers - compiled)
    ]
    complaints += [f"{h}: is gone: reconfigure the build" for h in sorted(compiled - headers)]
    reaches = {}
    for header in sorted(headers):
        ours = set()
        for what in includes_of(os.path.join(folder, header)):
            name = what.strip("<>")
            if what.startswith("<holdfast/") and name[len("holdfast/") :] in headers:
                ours.add(name[len("holdfast/") :])
            elif not (
                what.startswith("<")
                and (
                    name in STANDARD
                    or name == "tl/expected.hpp"
                    or (header.endswith(".h") and name in STANDARD_FOR_C)
                )
            ):
                complaints.append(f"{header}: may not include {what}")
        reaches[header] = ours
    reached, waiting = set(), ["holdfast.hpp"]
    while waiting:
        header = waiting.pop()
        if header not in reached:
            reached.add(header)
            waiting += reaches.get(header, [])
    # testing.hpp is for users' tests and holdfast.h for other languages: they are named by those.
    complaints += [
        f"holdfast.hpp does not reach {h}"
        for h in sorted(headers - reached - {"testing.hpp", "holdfast.h"})
    ]
    print("\n".join(complaints) or f"{len(headers)} public headers")
    return 1 if complaints else 0


sys.exit(main())
