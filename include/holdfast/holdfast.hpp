// Everything: locks, elections and membership from your own fleet of processes.
#pragma once

#include <holdfast/config.hpp>
#include <holdfast/election.hpp>
#include <holdfast/error.hpp>
#include <holdfast/events.hpp>
#include <holdfast/gate.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/mutex.hpp>
#include <holdfast/peer.hpp>
#include <holdfast/result.hpp>
#include <holdfast/token.hpp>
#include <holdfast/version.hpp>
#include <holdfast/view.hpp>
