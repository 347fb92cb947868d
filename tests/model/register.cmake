# SPDX-License-Identifier: MIT
# The rooms register/ and queue/.
