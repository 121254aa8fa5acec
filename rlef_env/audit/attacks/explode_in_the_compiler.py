"""Be short, and take gigabytes to compile: each "finally" is compiled twice."""
# Stopped by: compiler, comparison
def f(x):
    try:
        x = x + 1
    finally:
        try:
            x = x + 1
        finally:
            try:
                x = x + 1
            finally:
                try:
                    x = x + 1
                finally:
                    try:
                        x = x + 1
                    finally:
                        try:
                            x = x + 1
                        finally:
                            try:
                                x = x + 1
                            finally:
                                try:
                                    x = x + 1
                                finally:
                                    try:
                                        x = x + 1
                                    finally:
                                        try:
                                            x = x + 1
                                        finally:
                                            try:
                                                x = x + 1
                                            finally:
                                                try:
                                                    x = x + 1
                                                finally:
                                                    try:
                                                        x = x + 1
                                                    finally:
                                                        try:
                                                            x = x + 1
                                                        finally:
                                                            try:
                                                                x = x + 1
                                                            finally:
                                                                try:
                                                                    x = x + 1
                                                                finally:
                                                                    try:
                                                                        x = x + 1
                                                                    finally:
                                                                        try:
                                                                            x = x + 1
                                                                        finally:
                                                                            try:
                                                                                x = x + 1
                                                                            finally:
                                                                                x = x + 1 + len(str(x))
