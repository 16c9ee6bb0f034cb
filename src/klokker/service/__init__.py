"""The standalone service: a Django project that needs nothing but `klokker serve`."""
